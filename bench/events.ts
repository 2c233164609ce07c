import { type Command } from 'commander'
import { benchEvents, UNDISTURBED } from './events/events-bench.js'
import { parseVariants, type Variant, VARIANTS_HELP } from './events/variants.js'
import { count, counts } from './flags.js'
import { type CommonFlags, type Scope } from './scope.js'

interface EventsFlags extends CommonFlags {
  readonly variants: readonly Variant[]
  readonly events: number
  readonly partitions: number
  readonly brokers?: string
  readonly sinkDelay: number
  readonly tls?: true
  readonly partialFailures: number
  readonly latencyRates: readonly number[]
  readonly latencySeconds: number
  readonly profile?: true
}

export const scope: Scope<EventsFlags> = {
  summary: 'end to end: Kafka → the service → an endpoint that answers for DynamoDB and SQS',
  details: 'The service takes its settings from the environment, as ever: MAX_IN_FLIGHT_RECORDS=8000 npm run bench -- events',
  options (command: Command) {
    command
      .option('--variants <list>', VARIANTS_HELP, parseVariants, parseVariants('tuned'))
      .option('--events <count>', 'events in the topic', count, 500_000)
      .option('--partitions <count>', 'of the topic', count, UNDISTURBED.partitions)
      .option('--brokers <list>', 'a Kafka that runs already; one is started without')
      .option('--sink-delay <ms>', 'what each call of the table and the queues takes', count, 0)
      .option('--tls', 'the endpoint speaks TLS')
      .option('--partial-failures <percent>', 'each variant also with this share of all rows and messages failing', count, 0)
      .option('--latency-rates <events/s>', 'measures latency at these rates too, separated by commas', counts, [])
      .option('--latency-seconds <seconds>', 'at each of them', count, 20)
      .option('--profile', 'writes V8 CPU profiles and prints who owns the main thread\'s time; slows the run')
  },
  async measure (flags, progress) {
    return await benchEvents({
      ...flags,
      brokers: flags.brokers,
      sinkDelayMs: flags.sinkDelay,
      tls: flags.tls ?? false,
      partialFailuresPercent: flags.partialFailures,
      profile: flags.profile ?? false,
      progress
    })
  }
}
