import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { runFlags } from '../../src/cli/run-flags.js'
import { type Figures } from '../report.js'

const DROP = fileURLToPath(new URL('./drop.js', import.meta.url))
const SOURCE = fileURLToPath(new URL('./source.js', import.meta.url))
const TIMEOUT_MS = 10 * 60 * 1000

/** The least that any consumer does. */
export const NOTHING = 'doing nothing (500 records a call)'

/** Programs that read a topic to its end, each in a process of its own: files and arguments. */
export const CONSUMERS: Readonly<Record<string, readonly string[]>> = {
  [NOTHING]: [DROP, '500'],
  '100 records a call': [DROP, '100'],
  '1,000 records a call': [DROP, '1000'],
  'source of the service': [SOURCE]
}

/** With the flags of Node that the service has. */
export function consumeOnce (name: string, { brokers, topic, events }: { readonly brokers: string, readonly topic: string, readonly events: number }): Figures {
  const [program = '', ...args] = CONSUMERS[name] ?? []
  const command = [...runFlags(), program, brokers, topic, String(events), ...args]
  return JSON.parse(execFileSync(process.execPath, command, { encoding: 'utf8', timeout: TIMEOUT_MS })) as Figures
}
