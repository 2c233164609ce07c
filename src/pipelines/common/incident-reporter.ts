import { type Incidents } from '../../engine/observer.js'
import { type AppError, describeError, type FailureCode } from '../../errors.js'
import { type Logger } from '../../service/logger.js'

const REPEAT_EVERY_MS = 30_000

/** Says the engine's rare events in words, what they mean for the records and what to do, and passes them on to the metrics. */
export class IncidentReporter implements Incidents {
  readonly #logger: Logger
  readonly #metrics: Incidents
  readonly #keyHeld: string
  readonly #lastSaid = new Map<string, number>()

  /** `keyHeld`: how to say that one batch key is held, such as `a queue is held`. */
  constructor (logger: Logger, metrics: Incidents, keyHeld: string) {
    this.#logger = logger
    this.#metrics = metrics
    this.#keyHeld = keyHeld
  }

  held (stage: string, key: string | undefined, code: FailureCode, detail: string): void {
    this.#metrics.held(stage, key, code, detail)
    this.#logger.warn({ stage, key, code, detail }, key === undefined
      ? 'a stage is held: its system is sick. No attempt is burnt, no record is lost; it is probed until it heals'
      : `${this.#keyHeld}, the others go on. No attempt is burnt, no record is lost; it is probed until it heals`)
  }

  resumed (stage: string, key: string | undefined, heldMs: number): void {
    this.#metrics.resumed(stage, key, heldMs)
    this.#logger.info({ stage, key, heldMs: Math.round(heldMs) }, 'goes on after a hold')
  }

  possibleDuplicates (stage: string, key: string, records: number): void {
    this.#metrics.possibleDuplicates(stage, key, records)
    this.#sometimes(`duplicates ${stage} ${key}`, () => {
      this.#logger.warn({ stage, key, messages: records }, 'messages were sent again more than 4 minutes after a call without an answer; the queue may hold them twice')
    })
  }

  retryBudgetSpent (stage: string, key: string): void {
    this.#metrics.retryBudgetSpent(stage, key)
    this.#sometimes(`budget ${stage} ${key}`, () => { this.#logger.warn({ stage, key }, 'more than a tenth of the sends fail: one call at a time until one passes') })
  }

  examinerFailed (error: unknown): void {
    this.#metrics.examinerFailed(error)
    this.#sometimes('examiner', () => { this.#logger.error({ reason: describeError(error) }, 'records can not be examined at present; they wait') })
  }

  retryQueueFailed (action: string, error: AppError, messages: number): void {
    this.#sometimes(`retry queue ${action}`, () => {
      this.#logger.warn({ action, messages, code: error.code, reason: error.message }, 'a call to the retry queue failed; it is repeated, or the messages come back by themselves')
    })
  }

  #sometimes (what: string, say: () => void): void {
    const now = performance.now()
    if (now - (this.#lastSaid.get(what) ?? -Infinity) < REPEAT_EVERY_MS) return
    this.#lastSaid.set(what, now)
    say()
  }
}
