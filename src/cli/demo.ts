import { Argument, Command, Option } from 'commander'
import { UsageError } from '../errors.js'
import { type DemoOptions } from './demo/run-demo.js'
import { type RoutingDemoOptions } from './demo/run-routing-demo.js'
import { positiveNumber, share, wholeNumber } from './produce/arguments.js'

const DEMO_PIPELINES = ['events', 'routing', 'delivery'] as const
type DemoPipeline = typeof DEMO_PIPELINES[number]
type Flags = DemoOptions & Pick<RoutingDemoOptions, 'fanOut'>

/** Options that mean nothing to a pipeline. */
const FOREIGN = { events: ['fanOut'], routing: ['source'], delivery: ['fanOut', 'source', 'invalid', 'keep'] } as const

/** A destination that times out takes its time for each. */
const DELIVERY_EVENTS = 100

export function demoCommand (): Command {
  return new Command('demo')
    .description('See it work: real servers, generated records, and a proof that every one of them arrived')
    .addArgument(new Argument('[pipeline]', 'which pipeline').choices(DEMO_PIPELINES).default('events'))
    .option('--events <n>', `records to make, valid and invalid (delivery: ${DELIVERY_EVENTS} by default)`, positiveNumber, 20_000)
    .option('--invalid <share>', 'share of invalid records, 0 to 1', share, 0.01)
    .addOption(new Option('--source <how>', 'events: from a file through Kafka Connect, or straight to Kafka, which adds kinds of invalid records that no file can hold')
      .choices(['connect', 'direct']).default('connect'))
    .option('--fan-out <share>', 'routing: share of valid records that name several destinations', share, 0.1)
    .option('--keep', 'leave servers and service up afterwards, in .local-stack', false)
    .option('--seed <n>', 'the same seed makes the same records', wholeNumber, 1)
    .addOption(new Option('--ports <which>').choices(['known', 'free']).default('known').hideHelp())
    .addOption(new Option('--dir <path>').hideHelp())
    .addHelpText('after', `
Examples:
  penstock demo
  penstock demo --events 50000 --invalid 0.02
  penstock demo --source direct
  penstock demo --keep           then append a line to the events file and see it arrive; end it with penstock stack down
  penstock demo routing          Avro through a real Kafka and a real schema registry
  penstock demo routing --fan-out 0.5 --invalid 0.05
  penstock demo delivery         to HTTP servers that fail, succeed, fail once, time out and fail at random, with a live table

Everything runs on this machine's loopback, in a folder that is removed at the end. Exit code 0 when every store agrees
with what was produced, 1 when not or when something failed, 130 after Ctrl-C. docs/demo.md says what is proved, and how.`)
    .action(demo)
}

async function demo (pipeline: DemoPipeline, flags: Flags, command: Command): Promise<void> {
  for (const flag of FOREIGN[pipeline]) {
    if (command.getOptionValueSource(flag) === 'cli') throw new UsageError(`--${flag === 'fanOut' ? 'fan-out' : flag} is not for the ${pipeline} pipeline`)
  }
  const isDefault = command.getOptionValueSource('events') === 'default'
  process.exitCode = await DEMOS[pipeline](pipeline === 'delivery' && isDefault ? { ...flags, events: DELIVERY_EVENTS } : flags)
}

const DEMOS: Readonly<Record<DemoPipeline, (flags: Flags) => Promise<number>>> = {
  events: async flags => await (await import('./demo/run-demo.js')).runDemo(flags),
  routing: async ({ events: records, ...flags }) => await (await import('./demo/run-routing-demo.js')).runRoutingDemo({ ...flags, records }),
  delivery: async flags => await (await import('./demo/run-delivery-demo.js')).runDeliveryDemo(flags)
}
