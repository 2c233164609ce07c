import { type Command } from 'commander'
import { consumeOnce, CONSUMERS } from './consume/consume-once.js'
import { UNDISTURBED } from './events/events-bench.js'
import { withFilledTopic } from './events/topic.js'
import { count } from './flags.js'
import { type Figures } from './report.js'
import { type CommonFlags, type Scope } from './scope.js'

interface ConsumeFlags extends CommonFlags {
  readonly events: number
  readonly brokers?: string
}

export const scope: Scope<ConsumeFlags> = {
  summary: 'reading a topic and dropping what was read, with the client alone and with the service\'s source',
  options (command: Command) {
    command
      .option('--events <count>', 'events in the topic', count, 500_000)
      .option('--brokers <list>', 'a Kafka that runs already; one is started without')
  },
  async measure ({ events, brokers, runs }, progress) {
    return await withFilledTopic({ brokers, events, partitions: UNDISTURBED.partitions, progress }, async filled => {
      const variants = Object.fromEntries(Object.keys(CONSUMERS).map(name => [name, [] as Figures[]]))
      for (let run = 1; run <= runs; run++) {
        for (const [name, figures] of Object.entries(variants)) {
          progress(`run ${run} of ${runs}: ${name}`)
          figures.push(consumeOnce(name, { ...filled, events }))
        }
      }
      return { variants }
    })
  }
}
