import { type Command } from 'commander'
import { parseVariantsOf, type Variant } from './events/variants.js'
import { count } from './flags.js'
import { benchRouting } from './routing/routing-bench.js'
import { type CommonFlags, type Scope } from './scope.js'

interface RoutingFlags extends CommonFlags {
  readonly variants: readonly Variant[]
  readonly records: number
  readonly partitions: number
  readonly latencyRate: number
  readonly latencySeconds: number
  readonly profile?: true
}

const parseVariants = parseVariantsOf('routing')

export const scope: Scope<RoutingFlags> = {
  summary: 'the routing pipeline end to end: Kafka → the service → Kafka, with Avro and a schema registry',
  details: 'Beside it, in the same run, a program that writes what it reads: the same clients, the same settings, the same bytes.',
  options (command: Command) {
    command
      .option('--variants <list>', 'the service with other settings or of another checkout, side by side: name[@checkout][:VARIABLE=value…], separated by commas', parseVariants, parseVariants('tuned'))
      .option('--records <count>', 'records in the topic', count, 500_000)
      .option('--partitions <count>', 'of each topic', count, 3)
      .option('--latency-rate <records/s>', 'measures latency at this rate too; 0: not', count, 1_000)
      .option('--latency-seconds <seconds>', 'how long', count, 10)
      .option('--profile', 'writes V8 CPU profiles and prints who owns the main thread\'s time; slows the run')
  },
  async measure (flags, progress) {
    return await benchRouting({ ...flags, profile: flags.profile ?? false, progress })
  }
}
