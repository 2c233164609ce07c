import { type Command } from 'commander'
import { benchEvents, UNDISTURBED } from './events/events-bench.js'
import { parseVariants, type Variant, VARIANTS_HELP } from './events/variants.js'
import { count, counts } from './flags.js'
import { type CommonFlags, type Scope } from './scope.js'

interface LatencyFlags extends CommonFlags {
  readonly variants: readonly Variant[]
  readonly rates: readonly number[]
  readonly seconds: number
  readonly brokers?: string
  readonly sinkDelay: number
  readonly tls?: true
}

const RATES = [1, 10, 100, 300, 1_000, 3_000]

export const scope: Scope<LatencyFlags> = {
  summary: 'what one event waits for, end to end, at rates that leave the service room',
  details: 'From the broker\'s timestamp to the arrival of the message. Kafka is compiled as in production. Two waits for company (DYNAMODB_BATCH_LINGER_MS, SQS_BATCH_LINGER_MS) are in it.',
  options (command: Command) {
    command
      .option('--variants <list>', VARIANTS_HELP, parseVariants, parseVariants('tuned'))
      .option('--rates <events/s>', 'one after the other', counts, RATES)
      .option('--seconds <seconds>', 'at each rate', count, 20)
      .option('--brokers <list>', 'a Kafka that runs already; one is started without')
      .option('--sink-delay <ms>', 'what each call of the table and the queues takes', count, 0)
      .option('--tls', 'the endpoint speaks TLS')
  },
  async measure (flags, progress) {
    return await benchEvents({
      ...UNDISTURBED,
      ...flags,
      events: 0,
      optimizeKafka: true,
      brokers: flags.brokers,
      sinkDelayMs: flags.sinkDelay,
      tls: flags.tls ?? false,
      latencyRates: flags.rates,
      latencySeconds: flags.seconds,
      progress
    })
  }
}
