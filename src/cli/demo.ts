import { Command, InvalidArgumentError, Option } from 'commander'
import { type DemoOptions } from './demo/run-demo.js'

export function demoCommand (): Command {
  return new Command('demo')
    .description('See it work: real servers, generated events, and a proof that every one of them arrived')
    .option('--events <n>', 'records to make, valid and invalid', events, 20_000)
    .option('--invalid <share>', 'share of invalid records, 0 to 1', share, 0.01)
    .addOption(new Option('--source <how>', 'from a file through Kafka Connect, or straight to Kafka, which adds kinds of invalid records that no file can hold')
      .choices(['connect', 'direct']).default('connect'))
    .option('--keep', 'leave servers and service up afterwards, in .local-stack', false)
    .option('--seed <n>', 'the same seed makes the same events', wholeNumber, 1)
    .addOption(new Option('--ports <which>').choices(['known', 'free']).default('known').hideHelp())
    .addOption(new Option('--dir <path>').hideHelp())
    .addHelpText('after', `
Examples:
  penstock demo
  penstock demo --events 50000 --invalid 0.02
  penstock demo --source direct
  penstock demo --keep           then append a line to the events file and see it arrive; end it with penstock stack down

Everything runs on this machine's loopback, in a folder that is removed at the end. Exit code 0 when every store agrees
with what was produced, 1 when not or when something failed, 130 after Ctrl-C. docs/demo.md says what is proved, and how.`)
    .action(demo)
}

async function demo (options: DemoOptions): Promise<void> {
  const { runDemo } = await import('./demo/run-demo.js')
  process.exitCode = await runDemo(options)
}

function events (text: string): number {
  const value = wholeNumber(text)
  if (value === 0) throw new InvalidArgumentError('at least 1')
  return value
}

function wholeNumber (text: string): number {
  if (!/^\d{1,8}$/.test(text)) throw new InvalidArgumentError('a whole number, such as 20000')
  return Number(text)
}

function share (text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('a share from 0 to 1, such as 0.01')
  return value
}
