import { Argument, Command } from 'commander'
import { PIPELINE_NAMES, type PipelineName } from '../service/config/pipelines.js'
import { type runService } from './run-service.js'

export function runCommand (): Command {
  return new Command('run')
    .description('Run a pipeline until a signal ends it')
    .addArgument(new Argument('<pipeline>', 'which pipeline').choices(PIPELINE_NAMES))
    .addHelpText('after', `
SIGTERM or SIGINT drains: nothing new is read, what was started is finished and committed. A second one ends it at
once. Whatever is not done is not committed, and is done at the next start.

Examples:
  KAFKA_BROKERS=127.0.0.1:9092 penstock run events
  KAFKA_BROKERS=127.0.0.1:9092 SCHEMA_REGISTRY_URL=http://127.0.0.1:8081 penstock run routing
  KAFKA_BROKERS=127.0.0.1:9092 DELIVERY_DESTINATIONS_FILE=./destinations.json penstock run delivery
  PROCESSES=4 penstock run events            four processes in the same consumer group
  LOG_LEVEL=debug penstock run events

Exit codes: 0 drained, 3 the deadline (SHUTDOWN_GRACE_MS) or a second signal cut it, 1 failure, 2 wrong configuration.
docs/configuration.md explains every variable; \`penstock check\` tests them.`)
    .action(run)
}

async function run (pipeline: PipelineName): Promise<void> {
  const { runService } = await import('./run-service.js')
  await RUNS[pipeline](runService)
}

/** Only the pipeline that runs is loaded. */
const RUNS: Readonly<Record<PipelineName, (run: typeof runService) => Promise<void>>> = {
  events: async run => await run('events', (await import('../pipelines/events/start.js')).startEventsPipeline),
  routing: async run => await run('routing', (await import('../pipelines/routing/start.js')).startRoutingPipeline),
  delivery: async run => await run('delivery', (await import('./run-delivery.js')).startDelivery)
}
