import { ORIGIN_HEADER, parseOrigin } from '../../../src/connectors/kafka/message-headers.js'
import { type Difference, DIFFERENCES, type DifferenceKind } from '../../../src/proof/differences.js'
import { readTopic } from '../../../src/proof/read-topic.js'
import { readCommits, staleCommits } from '../../helpers/commits.js'
import { DESTINATIONS, type RoutingRoad } from '../../helpers/routing-road.js'
import { checkCommits } from './check-commits.js'
import { checkLetterCount, collectLetters, countLetters } from './letters.js'
import { sumMetrics, verdict, type Verdict } from './promises.js'
import { messageKey, routedEnds } from './routed-ends.js'
import { type RoutingRun } from './routing-run.js'

export interface RoutingExpectation {
  /** Most messages and dead letters that may be there twice. Default: none. */
  readonly repeats?: { readonly messages?: number, readonly letters?: number }
  /** What the clocks of services were set wrong by, at most. */
  readonly clockErrorMs?: number
  /** All services of the run lived throughout, so that their metrics tell of everything. */
  readonly metricsTellAll?: boolean
}

export interface RoutingVerdict extends Verdict {
  /** Messages that repeat an earlier one: of which record, and when they were appended, in ms since 1970. */
  readonly repeated: readonly Repeated[]
}

export interface Repeated {
  /** Partition and offset of the record. */
  readonly place: string
  readonly at: number
}

/** Compares every topic with the ledger of the producer. */
export async function judgeRouting ({ name, road, services }: RoutingRun, { repeats: allowed = {}, clockErrorMs = 0, metricsTellAll = false }: RoutingExpectation): Promise<RoutingVerdict> {
  const { kafka, routing } = road.config
  const { proof } = await road.prove({ repeats: true, clockErrorMs })
  const [entries, letters, commits, messages, metrics] = await Promise.all([
    road.entries(), road.read(routing.deadLetterTopic).then(collectLetters), readCommits(kafka, name, name), readMessages(road), sumMetrics(services)
  ])
  const repeats = { messages: messages.repeated.length, letters: countLetters(letters) - letters.size }
  const found = (...kinds: readonly DifferenceKind[]): string[] => describe(proof.differences.filter(({ kind }) => kinds.includes(kind)))
  return {
    promises: [
      verdict('I1: no record is lost at any destination', found('not-in-topic', 'output-missing')),
      verdict('I2: every invalid record is in the dead letters, for its reason, and no other is', found('letter-missing', 'letter-reason', 'letter-bytes', 'letter-key', 'letter-headers', 'letter-phantom')),
      verdict('I3: there is nothing that nobody produced', found('topic-phantom', 'topic-repeat', 'output-phantom', 'output-wrong-topic', 'output-fields', 'output-key', 'output-headers', 'output-partition')),
      verdict('I4: no commit passes a record without an end', checkCommits(commits, entries, routedEnds(messages.firstAt, letters))),
      verdict('I4: no commit goes back', staleCommits(commits)),
      verdict('I5: each key comes to each destination in the order of the source', found('output-inverted')),
      verdict('I6: no more is repeated than stated', (['messages', 'letters'] as const)
        .filter(what => repeats[what] > (allowed[what] ?? 0)).map(what => `${repeats[what]} ${what} again, of at most ${allowed[what] ?? 0}`)),
      verdict('I8: every offset is committed', found('offset-behind')),
      ...metricsTellAll ? [verdict('I10: every dead letter is counted', checkLetterCount(letters, metrics('penstock_dead_letters_total')))] : []
    ],
    figures: {
      produced: entries.length,
      'for several destinations': proof.produced.fanOut,
      messages: messages.firstAt.size,
      'dead letters': letters.size,
      commits: commits.length,
      'messages again': repeats.messages,
      'letters again': repeats.letters,
      inversions: `${proof.order.inversions} in ${proof.order.lanes} lanes`
    },
    repeated: messages.repeated
  }
}

interface Messages {
  /** By origin and topic, when the first was appended. */
  readonly firstAt: ReadonlyMap<string, number>
  readonly repeated: readonly Repeated[]
}

async function readMessages (road: RoutingRoad): Promise<Messages> {
  const firstAt = new Map<string, number>()
  const repeated: Repeated[] = []
  for (const destination of DESTINATIONS) {
    await readTopic(road.config.kafka, road.outputTopic(destination), ({ headers, timestamp }) => {
      const origin = parseOrigin(String(headers.findLast(([name]) => name === ORIGIN_HEADER)?.[1]))
      if (origin === undefined) return // a difference already
      const place = `${origin.partition}:${origin.offset}`
      const message = messageKey(place, destination)
      if (firstAt.has(message)) repeated.push({ place, at: timestamp })
      else firstAt.set(message, timestamp)
    })
  }
  return { firstAt, repeated }
}

function describe (differences: readonly Difference[]): string[] {
  return differences.map(({ kind, count, examples }) => `${count} × ${DIFFERENCES[kind]}: ${examples.join('; ')}`)
}
