import { type Place } from '../../../src/generator/ledger.js'
import { readTopic } from '../../../src/proof/read-topic.js'
import { readCommits, staleCommits } from '../../helpers/commits.js'
import { checkCommits } from './check-commits.js'
import { type DeliveryRun } from './delivery-run.js'
import { verdict, type Verdict } from './promises.js'

interface LoggedEvent {
  readonly id: string
  readonly place: Place
}

/**
 * Compares what the destination took, its dead letters and every commit of its group with what is in the log. An event has
 * its end when a service was first told that it is taken. `repeats`: most that may have been taken twice.
 */
export async function judgeDelivery ({ road, target, acknowledged, groupId }: DeliveryRun, destination: string, repeats: number): Promise<Verdict> {
  const { kafka, delivery: { topic } } = road.config
  const { taken, strangers, acknowledgedAt } = target
  const [entries, letters, commits] = await Promise.all([readLog(road), road.deadLetters(destination), readCommits(kafka, groupId, topic)])
  return {
    promises: [
      verdict('I1: every event is delivered', [...acknowledged].filter(id => !taken.ids.has(id))),
      verdict('I2: none is a dead letter', letters.map(({ partition, offset }) => `letter ${partition}:${offset}`)),
      verdict('I3: nothing comes that was not sent, and each event as the log has it', strangers),
      verdict('I4: no commit passes an event of which nobody was told that it is taken', checkCommits(commits, entries, ({ id }) => acknowledgedAt.get(id) ?? Infinity)),
      verdict('I4: no commit goes back', staleCommits(commits)),
      verdict('I5: each user\'s events come in their order', taken.overtaken),
      verdict('I6: no more is repeated than stated', taken.repeats > repeats ? [`${taken.repeats} again, of at most ${repeats}`] : [])
    ],
    figures: { events: entries.length, requests: target.requests.length, commits: commits.length, again: taken.repeats, 'given up': target.givenUp }
  }
}

async function readLog ({ config: { kafka, delivery: { topic } } }: DeliveryRun['road']): Promise<LoggedEvent[]> {
  const entries: LoggedEvent[] = []
  await readTopic(kafka, topic, ({ value, partition, offset }) => {
    const { id } = JSON.parse(String(value)) as { id: string }
    entries.push({ id, place: { topic, partition, offset } })
  })
  return entries
}
