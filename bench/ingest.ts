import { parseVariantsOf, type Variant } from './events/variants.js'
import { count } from './flags.js'
import { benchIngest } from './ingest/ingest-bench.js'
import { type CommonFlags, type Scope } from './scope.js'

interface IngestFlags extends CommonFlags {
  readonly variants: readonly Variant[]
  readonly seconds: number
  readonly warmUpSeconds: number
  readonly kafkaWarmUpSeconds: number
  readonly inFlight: number
  readonly batch: number
  readonly payloadBytes: number
  readonly users: number
  readonly profile?: true
}

const parseVariants = parseVariantsOf('delivery')

export const scope: Scope<IngestFlags> = {
  summary: 'accepting events over HTTP: clients → the service → Kafka',
  details: 'Beside it, in the same run, the same endpoint that does nothing, and that of the service without Kafka behind it. Clients, service and Kafka share this machine\'s cores.',
  options (command) {
    command
      .option('--variants <list>', 'the service with other settings or of another checkout, side by side: name[@checkout][:VARIABLE=value…], separated by commas', parseVariants, parseVariants('tuned'))
      .option('--seconds <count>', 'of one run', count, 10)
      .option('--warm-up-seconds <count>', 'of load before each run', count, 10)
      .option('--kafka-warm-up-seconds <count>', 'of load before the first run', count, 30)
      .option('--in-flight <count>', 'requests in flight', count, 256)
      .option('--batch <events>', 'events of one request', count, 1)
      .option('--payload-bytes <bytes>', 'of one event', count, 100)
      .option('--users <count>', 'whose events these are', count, 1_000)
      .option('--profile', 'writes V8 CPU profiles and prints who owns the main thread\'s time; slows the run')
  },
  async measure (flags, progress) {
    return await benchIngest({ ...flags, profile: flags.profile ?? false, progress })
  }
}
