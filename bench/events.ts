import { type Command } from 'commander'
import { benchEvents } from './events/events-bench.js'
import { count } from './flags.js'
import { type CommonFlags, type Scope } from './scope.js'

interface EventsFlags extends CommonFlags {
  readonly events: number
  readonly brokers?: string
  readonly sinkDelay: number
  readonly partialFailures: number
  readonly latencyRate: number
  readonly latencySeconds: number
  readonly profile?: true
}

export const scope: Scope<EventsFlags> = {
  summary: 'end to end: Kafka → the service → an endpoint that answers for DynamoDB and SQS',
  details: 'The service takes its settings from the environment, as ever: MAX_IN_FLIGHT_RECORDS=8000 npm run bench -- events',
  options (command: Command) {
    command
      .option('--events <count>', 'events in the topic', count, 200_000)
      .option('--brokers <list>', 'a Kafka that runs already; one is started without')
      .option('--sink-delay <ms>', 'what each call of the table and the queues takes', count, 0)
      .option('--partial-failures <percent>', 'runs in pairs: undisturbed, and with this share of all rows and messages failing; without latency', count, 0)
      .option('--latency-rate <events/s>', 'rate of the latency measurement; 0 leaves it out', count, 1_000)
      .option('--latency-seconds <seconds>', 'its length', count, 10)
      .option('--profile', 'writes V8 CPU profiles and prints who owns the main thread\'s time; slows the run')
  },
  async measure (flags, progress) {
    return await benchEvents({
      ...flags,
      brokers: flags.brokers,
      sinkDelayMs: flags.sinkDelay,
      partialFailuresPercent: flags.partialFailures,
      profile: flags.profile ?? false,
      progress
    })
  }
}
