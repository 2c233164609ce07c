import { benchDestinations } from './delivery/destinations-bench.js'
import { count, counts } from './flags.js'
import { type CommonFlags, type Scope } from './scope.js'

interface DestinationsFlags extends CommonFlags {
  readonly counts: readonly number[]
  readonly perSecond: number
  readonly seconds: number
  readonly idleSeconds: number
  readonly burst: number
  readonly partitions: number
}

export const scope: Scope<DestinationsFlags> = {
  summary: 'what a destination costs: memory, threads and CPU of one process that delivers to many',
  options (command) {
    command
      .option('--counts <list>', 'destinations of the process', counts, [1, 10, 50, 100])
      .option('--per-second <events>', 'accepted over HTTP, each sent to every destination', count, 5)
      .option('--seconds <count>', 'of one run', count, 20)
      .option('--idle-seconds <count>', 'without an event, before', count, 10)
      .option('--burst <events>', 'that come before anything is measured', count, 200)
      .option('--partitions <count>', 'of the topic', count, 12)
  },
  async measure (flags, progress) {
    return await benchDestinations({ ...flags, progress })
  }
}
