import { Command } from 'commander'

export function produceCommand (): Command {
  return new Command('produce')
}
