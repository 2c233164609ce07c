import { type Report } from '../../../bench/recording-endpoint/report.js'
import { DEAD_LETTER_HEADERS } from '../../../src/connectors/kafka/dead-letter-stage.js'
import { sha256 } from '../../../src/proof/digest.js'
import { readCommits, staleCommits } from '../../helpers/commits.js'
import { repeatsIn } from '../../helpers/recorded.js'
import { checkCommits } from './check-commits.js'
import { checkStores, type Letter } from './check-stores.js'
import { type FaultRun } from './fault-run.js'

export interface Expectation {
  /** Most that may be done twice. Default: nothing. Messages are those that deduplication dropped. */
  readonly repeats?: { readonly rows?: number, readonly messages?: number, readonly letters?: number }
  /**
   * `exact` (default): no record is accepted before an earlier one of its lane. `counted`: only as many as the services
   * of the run, all alive, say in their metrics. `reported`: any number, for the figures.
   */
  readonly order?: 'exact' | 'counted' | 'reported'
  /** Valid records may end as dead letters `ATTEMPTS_EXHAUSTED`; how many do is in the figures. Default: none may. */
  readonly attemptsMayEnd?: boolean
  /** Uids of valid records that a sink refuses: each must be a dead letter `REFUSED`. */
  readonly refused?: ReadonlySet<string>
  /** Most messages that may be in their queue twice: those whose repetition came after the deduplication's 5 minutes. Default 0. */
  readonly visibleRepeats?: number
  /** The group's offsets were set back on purpose. */
  readonly commitsMayGoBack?: boolean
  /** All services of the run lived throughout, so that their metrics tell of everything. */
  readonly metricsTellAll?: boolean
}

export interface Verdict {
  /** One for each promise that was judged; it holds when there are no problems. */
  readonly promises: readonly PromiseVerdict[]
  readonly figures: Readonly<Record<string, number | string>>
}

export interface PromiseVerdict {
  readonly promise: string
  readonly problems: readonly string[]
}

const MAX_EXAMPLES = 5

/** Compares all that the endpoint and Kafka hold with the ledger of the producer. */
export async function judge (run: FaultRun, expectation: Expectation & { readonly unknownOutcomes: number }): Promise<Verdict> {
  const { attemptsMayEnd = false, refused = new Set<string>(), commitsMayGoBack = false, metricsTellAll = false, unknownOutcomes } = expectation
  const { road } = run
  const [entries, letters, commits, metrics] = await Promise.all([
    road.entries(), readLetters(run), readCommits(road.config.kafka, run.name, run.name), sumMetrics(run)
  ])
  const report = run.endpoint.recorder.report(true)
  const stores = checkStores(entries, report, letters, { queueOf: client => run.queueOf(client), attemptsMayEnd, refused, unknownOutcomes })
  const repeats = { ...repeatsIn(report), letters: [...letters.values()].reduce((sum, { copies }) => sum + copies - 1, 0), visible: report.messagesAccepted - stores.messages }
  return {
    promises: [
      verdict('I1: no record is lost', stores.lost),
      verdict('I2: every invalid record is in the dead letters, for its reason, and no other is', stores.dropped),
      verdict('I3: there is nothing that nobody produced', stores.phantoms),
      verdict('I4: no commit passes a record without an end', checkCommits(commits, entries, letters, report)),
      verdict('I4: no commit goes back', commitsMayGoBack ? [] : staleCommits(commits)),
      verdict('I5: the order is that of the source', checkOrder(report, expectation, metrics)),
      verdict('I5: each message comes after its row', report.sentBeforeStored > 0 ? [`${report.sentBeforeStored} messages were sent before their row was stored`] : []),
      verdict('I6: no more is repeated than stated', checkRepeats(repeats, expectation)),
      ...metricsTellAll ? [verdict('I10: every dead letter is counted', checkCount(letters, metrics))] : []
    ],
    figures: {
      produced: entries.length,
      'dead letters': letters.size,
      ...stores.exhausted > 0 ? { 'attempts exhausted': stores.exhausted } : {},
      ...unknownOutcomes > 0 ? { 'unknown outcomes': unknownOutcomes } : {},
      commits: commits.length,
      'rows again': repeats.rows,
      'messages again': repeats.messages,
      'letters again': repeats.letters,
      inversions: report.inversions,
      'sends per row': ratio(report.attempted.rows, Object.keys(report.rows ?? {}).length),
      'sends per message': ratio(report.attempted.messages, stores.messages)
    }
  }
}

function verdict (promise: string, problems: readonly string[]): PromiseVerdict {
  const more = problems.length - MAX_EXAMPLES
  return { promise, problems: more > 0 ? [...problems.slice(0, MAX_EXAMPLES), `… and ${more} more`] : problems }
}

type Sum = (metric: string, labels?: Readonly<Record<string, string>>) => number

function checkOrder ({ inversions }: Report, { order = 'exact' }: Expectation, metrics: Sum): string[] {
  const counted = metrics('penstock_overtaken_records_total', { stage: 'queues' }) + metrics('penstock_handed_over_records_total')
  const most = { exact: 0, counted, reported: Infinity }[order]
  return inversions > most ? [`${inversions} inversions, of at most ${most}`] : []
}

function checkRepeats (repeats: { rows: number, messages: number, letters: number, visible: number }, { repeats: allowed = {}, visibleRepeats = 0 }: Expectation): string[] {
  const found = (['rows', 'messages', 'letters'] as const)
    .filter(store => repeats[store] > (allowed[store] ?? 0))
    .map(store => `${repeats[store]} ${store} again, of at most ${allowed[store] ?? 0}`)
  return repeats.visible > visibleRepeats ? [...found, `${repeats.visible} messages are in their queue twice, of at most ${visibleRepeats}`] : found
}

function checkCount (letters: ReadonlyMap<string, Letter>, metrics: Sum): string[] {
  const said = metrics('penstock_dead_letters_total')
  const found = [...letters.values()].reduce((sum, { copies }) => sum + copies, 0)
  return said === found ? [] : [`the metric says ${said}, the topic holds ${found}`]
}

/** Over the services that are still there. */
async function sumMetrics (run: FaultRun): Promise<Sum> {
  const metrics = await Promise.all(run.services.filter(service => !service.hasExited).map(service => service.metrics()))
  return (metric, labels = {}) => metrics.reduce((total, samples) => total + samples.sum(metric, labels), 0)
}

async function readLetters (run: FaultRun): Promise<Map<string, Letter>> {
  const letters = new Map<string, Letter>()
  for (const { headers, value, timestamp } of await run.road.readDeadLetters()) {
    const own = Object.fromEntries(headers.map(([name, text]) => [name, String(text)]))
    const place = `${own[DEAD_LETTER_HEADERS.partition]}:${own[DEAD_LETTER_HEADERS.offset]}`
    const known = letters.get(place)
    if (known !== undefined) known.copies++
    else letters.set(place, { reason: own[DEAD_LETTER_HEADERS.reason] ?? '', digest: own[DEAD_LETTER_HEADERS.originalSha256] ?? sha256(value), at: timestamp, copies: 1 })
  }
  return letters
}

function ratio (attempted: number, distinct: number): string {
  return distinct === 0 ? '–' : (attempted / distinct).toFixed(3)
}
