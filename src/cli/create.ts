import { Command, InvalidArgumentError } from 'commander'
import { UsageError } from '../errors.js'
import { NEW_TOPIC_PARTITIONS } from '../ingest/ensure-event-log.js'
import { loadConfig } from '../service/config/load-config.js'
import { type PipelineName } from '../service/config/pipelines.js'
import { EXIT } from './exit-codes.js'
import { formatTable } from './format-table.js'
import { pipelineOption } from './pipeline-option.js'
import { isFailure, type Step } from './provision/step.js'

interface CreateOptions {
  readonly pipeline: PipelineName
  readonly partitions?: number
  readonly replicationFactor: number
  readonly update: boolean
  readonly timeout: number
  readonly json: boolean
}

export function createCommand (): Command {
  return new Command('create')
    .description('Create what a pipeline needs: topics, table and queues, or topics and schemas; what exists is left as it is')
    .addOption(pipelineOption())
    .option('--partitions <n>', 'partitions of a new topic (default: 12; 3 for routing)', positiveInteger)
    .option('--replication-factor <n>', 'replicas of a new topic; -1 is the cluster\'s default', replicationFactor, -1)
    .option('--update', 'give existing queues the attributes of their definition', false)
    .option('--timeout <ms>', 'longest wait for Kafka or the table', positiveInteger, 30_000)
    .option('--json', 'print what was done as JSON', false)
    .addHelpText('after', `
Examples:
  penstock create                                    with the settings of the environment
  KAFKA_BROKERS=127.0.0.1:9092 penstock create --partitions 3
  penstock create --update                           make older queues high-throughput
  penstock create --pipeline routing                 topics, and the schemas of resource/avro
  penstock create --pipeline delivery                the topic of the events, and one of dead letters per destination

Exit code 0 when everything is there as defined, else 1. The same definitions for CloudFormation: resource/cloudformation/`)
    .action(create)
}

async function create (options: CreateOptions): Promise<void> {
  const steps = await provision(options)
  process.stdout.write(options.json ? `${JSON.stringify(steps, null, 2)}\n` : renderSteps(steps))
  process.exitCode = steps.some(isFailure) ? EXIT.failure : EXIT.ok
}

async function provision ({ pipeline, partitions = PARTITIONS[pipeline], timeout: timeoutMs, ...options }: CreateOptions): Promise<Step[]> {
  if (pipeline === 'events') {
    const { config } = loadConfig(process.env, pipeline)
    const { provisionEvents } = await import('./provision/provision-events.js')
    return await provisionEvents(config, { ...options, partitions, timeoutMs })
  }
  if (options.update) throw new UsageError(`--update is about queues, and the ${pipeline} pipeline has none`)
  if (pipeline === 'delivery') {
    const { config } = loadConfig(process.env, pipeline)
    const { provisionDelivery } = await import('./provision/provision-delivery.js')
    return await provisionDelivery(config, { ...options, partitions, timeoutMs })
  }
  const { config } = loadConfig(process.env, pipeline)
  const { provisionRouting } = await import('./provision/provision-routing.js')
  return await provisionRouting(config, { ...options, partitions, timeoutMs })
}

/** Of a new topic. */
const PARTITIONS: Readonly<Record<PipelineName, number>> = { events: 12, routing: 3, delivery: NEW_TOPIC_PARTITIONS }

function renderSteps (steps: readonly Step[]): string {
  return formatTable(steps.map(step => [isFailure(step) ? '✗' : '✓', step.kind, step.name, step.result, step.detail]))
}

function positiveInteger (text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('It is a whole number from 1.')
  return Number(text)
}

function replicationFactor (text: string): number {
  if (text !== '-1' && !/^[1-9]\d?$/.test(text)) throw new InvalidArgumentError('It is a whole number from 1, or -1.')
  return Number(text)
}
