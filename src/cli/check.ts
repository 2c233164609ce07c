import { Command, InvalidArgumentError } from 'commander'
import { describeConfig } from '../service/config/describe-config.js'
import { type DeliveryConfig, type EventsConfig, loadConfig, type RoutingConfig } from '../service/config/load-config.js'
import { type PipelineName } from '../service/config/pipelines.js'
import { type CheckResult } from './checks/check-result.js'
import { renderSettings } from './config.js'
import { EXIT } from './exit-codes.js'
import { formatTable } from './format-table.js'
import { pipelineOption } from './pipeline-option.js'

const MARKS = { passed: '✓', failed: '✗', note: '·' } as const

export function checkCommand (): Command {
  return new Command('check')
    .description('Print the resolved configuration, then test everything it names: brokers, topics, table, queues, schema registry, destinations')
    .addOption(pipelineOption())
    .option('--timeout <ms>', 'longest wait for Kafka', milliseconds, 10_000)
    .option('--json', 'print settings and checks as JSON', false)
    .addHelpText('after', `
Examples:
  penstock check
  penstock check --pipeline routing
  penstock check --pipeline delivery      connects to the destinations too, and sends them nothing
  penstock check --json | jq '.checks[] | select(.status == "failed")'

✓ passed  ✗ failed, with what to do  · worth knowing. Exit code 0 when nothing failed, else 1.`)
    .action(check)
}

async function check (options: { pipeline: PipelineName, timeout: number, json: boolean }): Promise<void> {
  const loaded = loadConfig(process.env, options.pipeline)
  const settings = describeConfig(loaded, process.env)
  if (!options.json) process.stdout.write(`${renderSettings(settings)}\n`)
  const checks = await runChecks(options.pipeline, options.timeout)
  const warnings = loaded.warnings
  if (options.json) process.stdout.write(`${JSON.stringify({ settings, warnings, checks }, null, 2)}\n`)
  else process.stdout.write(renderChecks(checks, warnings))
  process.exitCode = checks.some(({ status }) => status === 'failed') ? EXIT.failure : EXIT.ok
}

function runChecks (pipeline: PipelineName, timeoutMs: number): Promise<CheckResult[]> {
  switch (pipeline) {
    case 'events': return checkEvents(loadConfig(process.env, pipeline).config, timeoutMs)
    case 'routing': return checkRouting(loadConfig(process.env, pipeline).config, timeoutMs)
    case 'delivery': return checkDelivery(loadConfig(process.env, pipeline).config, timeoutMs)
  }
}

async function checkEvents (config: EventsConfig, timeoutMs: number): Promise<CheckResult[]> {
  const [{ checkEventSchema, checkProcess }, { checkKafka, eventsTopics }, { checkTransport }, { checkTable }, { checkQueues }] = await Promise.all([
    import('./checks/process.js'), import('./checks/kafka.js'), import('./checks/transport.js'), import('./checks/dynamodb.js'), import('./checks/sqs.js')
  ])
  const results = await Promise.all([
    checkKafka(config.kafka, eventsTopics(config), timeoutMs), checkTransport(config), checkTable(config), checkQueues(config)
  ])
  return [...checkProcess(config), checkEventSchema(config.events.schemaFile), ...results.flat()]
}

async function checkRouting (config: RoutingConfig, timeoutMs: number): Promise<CheckResult[]> {
  const [{ checkProcess }, { checkKafka, routingTopics }, { checkRegistry }] = await Promise.all([
    import('./checks/process.js'), import('./checks/kafka.js'), import('./checks/registry.js')
  ])
  const results = await Promise.all([checkKafka(config.kafka, routingTopics(config), timeoutMs), checkRegistry(config)])
  return [...checkProcess(config), ...results.flat()]
}

async function checkDelivery (config: DeliveryConfig, timeoutMs: number): Promise<CheckResult[]> {
  const [{ checkProcess }, { checkKafka, deliveryTopics }, { checkDestinations }] = await Promise.all([
    import('./checks/process.js'), import('./checks/kafka.js'), import('./checks/destinations.js')
  ])
  const results = await Promise.all([checkKafka(config.kafka, deliveryTopics(config), timeoutMs), checkDestinations(config)])
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
