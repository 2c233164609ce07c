import { Command, InvalidArgumentError, Option } from 'commander'
import { describeConfig } from '../service/config/describe-config.js'
import { type EventsConfig, loadConfig } from '../service/config/load-config.js'
import { type CheckResult } from './checks/check-result.js'
import { renderSettings } from './config.js'
import { EXIT } from './exit-codes.js'
import { formatTable } from './format-table.js'

const MARKS = { passed: '✓', failed: '✗', note: '·' } as const

export function checkCommand (): Command {
  return new Command('check')
    .description('Print the resolved configuration, then test everything it names: brokers, topics, table, queues')
    .addOption(new Option('--pipeline <name>', 'which pipeline').choices(['events']).default('events'))
    .option('--timeout <ms>', 'longest wait for Kafka', milliseconds, 10_000)
    .option('--json', 'print settings and checks as JSON', false)
    .addHelpText('after', `
Examples:
  penstock check
  penstock check --json | jq '.checks[] | select(.status == "failed")'

✓ passed  ✗ failed, with what to do  · worth knowing. Exit code 0 when nothing failed, else 1.`)
    .action(check)
}

async function check (options: { timeout: number, json: boolean }): Promise<void> {
  const loaded = loadConfig(process.env, 'events')
  const settings = describeConfig(loaded, process.env)
  if (!options.json) process.stdout.write(`${renderSettings(settings)}\n`)
  const checks = await runChecks(loaded.config, options.timeout)
  const warnings = loaded.warnings
  if (options.json) process.stdout.write(`${JSON.stringify({ settings, warnings, checks }, null, 2)}\n`)
  else process.stdout.write(renderChecks(checks, warnings))
  process.exitCode = checks.some(({ status }) => status === 'failed') ? EXIT.failure : EXIT.ok
}

async function runChecks (config: EventsConfig, timeoutMs: number): Promise<CheckResult[]> {
  const [{ checkProcess }, { checkKafka }, { checkTransport }, { checkTable }, { checkQueues }] = await Promise.all([
    import('./checks/process.js'), import('./checks/kafka.js'), import('./checks/transport.js'), import('./checks/dynamodb.js'), import('./checks/sqs.js')
  ])
  const results = await Promise.all([checkKafka(config, timeoutMs), checkTransport(config), checkTable(config), checkQueues(config)])
  return [...checkProcess(config), ...results.flat()]
}

function renderChecks (checks: readonly CheckResult[], warnings: readonly string[]): string {
  const rows = checks.flatMap(({ status, name, detail, remedy }) =>
    [[MARKS[status], name, detail], ...(remedy === '' ? [] : [['', '', `→ ${remedy}`]])])
  const failures = checks.filter(({ status }) => status === 'failed').length
  const verdict = failures === 0 ? 'Everything is in place.' : `${failures} of ${checks.length} checks failed.`
  return `${warnings.map(warning => `warning: ${warning}\n`).join('')}${formatTable(rows)}${verdict}\n`
}

function milliseconds (text: string): number {
  if (!/^[1-9]\d{2,6}$/.test(text)) throw new InvalidArgumentError('It is a number of milliseconds from 100.')
  return Number(text)
}
