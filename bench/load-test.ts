import { type Command } from 'commander'
import { benchEvents, UNDISTURBED } from './events/events-bench.js'
import { parseVariants, type Variant, VARIANTS_HELP } from './events/variants.js'
import { count } from './flags.js'
import { type CommonFlags, type Scope } from './scope.js'

interface LoadTestFlags extends CommonFlags {
  readonly variants: readonly Variant[]
  readonly events: number
  readonly brokers?: string
  readonly sinkDelay: number
}

export const scope: Scope<LoadTestFlags> = {
  summary: 'the load test of the first program of this kind: 2,000,000 records from the topic until everything is acknowledged',
  details: 'That program needed 2 h 47 min for them, with one PutItem and one SendMessage a record in the cloud. `seconds, from start to last message` counts from the start of the process; what it had still to commit then, it has when it ends.',
  options (command: Command) {
    command
      .option('--variants <list>', VARIANTS_HELP, parseVariants, parseVariants('tuned'))
      .option('--events <count>', 'events in the topic', count, 2_000_000)
      .option('--brokers <list>', 'a Kafka that runs already; one is started without')
      .option('--sink-delay <ms>', 'what each call of the table and the queues takes', count, 0)
  },
  async measure (flags, progress) {
    return await benchEvents({
      ...UNDISTURBED,
      ...flags,
      brokers: flags.brokers,
      sinkDelayMs: flags.sinkDelay,
      progress
    })
  }
}
