import { type Report } from '../../../bench/recording-endpoint/report.js'
import { readCommits, staleCommits } from '../../helpers/commits.js'
import { repeatsIn } from '../../helpers/recorded.js'
import { type Samples } from '../../helpers/samples.js'
import { checkCommits } from './check-commits.js'
import { checkStores } from './check-stores.js'
import { eventEnds } from './event-ends.js'
import { type FaultRun } from './fault-run.js'
import { checkLetterCount, collectLetters, countLetters } from './letters.js'
import { sumMetrics, verdict, type Verdict } from './promises.js'

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

/** Compares all that the endpoint and Kafka hold with the ledger of the producer. */
export async function judge (run: FaultRun, expectation: Expectation & { readonly unknownOutcomes: number }): Promise<Verdict> {
  const { attemptsMayEnd = false, refused = new Set<string>(), commitsMayGoBack = false, metricsTellAll = false, unknownOutcomes } = expectation
  const { road } = run
  const [entries, letters, commits, metrics] = await Promise.all([
    road.entries(), road.readDeadLetters().then(collectLetters), readCommits(road.config.kafka, run.name, run.name), sumMetrics(run.services)
  ])
  const report = run.endpoint.recorder.report(true)
  const stores = checkStores(entries, report, letters, { queueOf: client => run.queueOf(client), attemptsMayEnd, refused, unknownOutcomes })
  const repeats = { ...repeatsIn(report), letters: countLetters(letters) - letters.size, visible: report.messagesAccepted - stores.messages }
  return {
    promises: [
      verdict('I1: no record is lost', stores.lost),
      verdict('I2: every invalid record is in the dead letters, for its reason, and no other is', stores.dropped),
      verdict('I3: there is nothing that nobody produced', stores.phantoms),
      verdict('I4: no commit passes a record without an end', checkCommits(commits, entries, eventEnds(report, letters))),
      verdict('I4: no commit goes back', commitsMayGoBack ? [] : staleCommits(commits)),
      verdict('I5: the order is that of the source', checkOrder(report, expectation, metrics)),
      verdict('I5: each message comes after its row', report.sentBeforeStored > 0 ? [`${report.sentBeforeStored} messages were sent before their row was stored`] : []),
      verdict('I6: no more is repeated than stated', checkRepeats(repeats, expectation)),
      ...metricsTellAll ? [verdict('I10: every dead letter is counted', checkLetterCount(letters, metrics('penstock_dead_letters_total')))] : []
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

function checkOrder ({ inversions }: Report, { order = 'exact' }: Expectation, metrics: Samples['sum']): string[] {
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

function ratio (attempted: number, distinct: number): string {
  return distinct === 0 ? '–' : (attempted / distinct).toFixed(3)
}
