import { benchIsolation } from './delivery/isolation-bench.js'
import { count } from './flags.js'
import { type CommonFlags, type Scope } from './scope.js'

interface IsolationFlags extends CommonFlags {
  readonly perSecond: number
  readonly seconds: number
  readonly burst: number
  readonly partitions: number
}

export const scope: Scope<IsolationFlags> = {
  summary: 'whether a destination that hangs, a slow and a failing one delay the others',
  details: 'From the broker\'s timestamp to the arrival at the seven that are well: by themselves, beside three more that are well, and beside the bad ones. One process delivers to all.',
  runs: 5,
  options (command) {
    command
      .option('--per-second <events>', 'accepted over HTTP, each sent to every destination', count, 40)
      .option('--seconds <count>', 'of one run', count, 20)
      .option('--burst <events>', 'that come before, so that the bad ones are behind', count, 2_000)
      .option('--partitions <count>', 'of the topic', count, 12)
  },
  async measure (flags, progress) {
    return await benchIsolation({ ...flags, progress })
  }
}
