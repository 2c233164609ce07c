import { Argument, Command } from 'commander'

export function runCommand (): Command {
  return new Command('run')
    .description('Run a pipeline until a signal ends it')
    .addArgument(new Argument('<pipeline>', 'which pipeline').choices(['events']))
    .addHelpText('after', `
SIGTERM or SIGINT drains: nothing new is read, what was started is finished and committed. A second one ends it at
once. Whatever is not done is not committed, and is done at the next start.

Examples:
  KAFKA_BROKERS=127.0.0.1:9092 penstock run events
  PROCESSES=4 penstock run events            four processes in the same consumer group
  LOG_LEVEL=debug penstock run events

Exit codes: 0 drained, 3 the deadline (SHUTDOWN_GRACE_MS) or a second signal cut it, 1 failure, 2 wrong configuration.
docs/configuration.md explains every variable; \`penstock check\` tests them.`)
    .action(run)
}

async function run (): Promise<void> {
  const [{ runService }, { startEventsPipeline }] = await Promise.all([
    import('./run-service.js'), import('../pipelines/events/start.js')
  ])
  await runService(startEventsPipeline)
}
