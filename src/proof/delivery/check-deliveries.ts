import { type DifferenceKind, type Differences } from '../differences.js'
import { type RecordedRequest, type SentEvent } from './recorded-request.js'

/** What a destination may see of each event. */
export interface Expectation {
  readonly destination: string
  /** Requests of one event, at most. */
  readonly maxAttempts: number
  /** Requests of every event, when the destination always behaves alike. */
  readonly attempts?: number | undefined
}

export interface DeliveryCounts {
  readonly destination: string
  readonly delivered: number
  /** Not taken in any of its attempts. */
  readonly undelivered: number
  readonly requests: number
}

interface Progress {
  readonly event: SentEvent
  attempts: number
  ended: boolean
  delivered: boolean
}

/**
 * Walks through all that one destination was sent, and holds it against what was accepted: every event has its attempts,
 * none after its end, none before the end of its user's event before, and every request is that event and signed.
 */
export class DeliveryCheck {
  readonly #expectation: Expectation
  readonly #differences: Differences
  readonly #byId = new Map<string, Progress>()
  /** In the order they were accepted. */
  readonly #byUser = new Map<string, Progress[]>()
  #requests = 0

  constructor (events: readonly SentEvent[], expectation: Expectation, differences: Differences) {
    this.#expectation = expectation
    this.#differences = differences
    for (const event of events) {
      const progress = { event, attempts: 0, ended: false, delivered: false }
      this.#byId.set(event.id, progress)
      const ofUser = this.#byUser.get(event.userId)
      if (ofUser === undefined) this.#byUser.set(event.userId, [progress])
      else ofUser.push(progress)
    }
  }

  see (request: RecordedRequest): void {
    this.#requests++
    const progress = this.#byId.get(request.id)
    if (progress === undefined) {
      this.#add('delivery-phantom', request.id)
      return
    }
    const { event } = progress
    if (!isBodyOf(request.body, event)) this.#add('delivery-body', request.id)
    if (!request.signed) this.#add('delivery-signature', request.id)
    if (progress.ended) this.#add('delivery-repeat', request.id)
    else if (this.#byUser.get(event.userId)?.find(({ ended }) => !ended) !== progress) this.#add('delivery-inverted', request.id)
    progress.attempts++
    progress.delivered ||= isTaken(request.status)
    progress.ended ||= progress.delivered || progress.attempts >= this.#expectation.maxAttempts
  }

  /** Those that have to be dead letters. */
  finish (): ReadonlySet<string> {
    const undelivered = new Set<string>()
    for (const [id, { attempts, ended, delivered }] of this.#byId) {
      const { attempts: expected } = this.#expectation
      if (!ended) this.#add('delivery-missing', `${id} after ${attempts} requests`)
      else if (expected !== undefined && attempts !== expected) this.#add('delivery-attempts', `${id}: ${attempts} instead of ${expected}`)
      if (!delivered) undelivered.add(id)
    }
    return undelivered
  }

  get counts (): DeliveryCounts {
    const all = [...this.#byId.values()]
    return {
      destination: this.#expectation.destination,
      delivered: all.filter(({ delivered }) => delivered).length,
      undelivered: all.filter(({ ended, delivered }) => ended && !delivered).length,
      requests: this.#requests
    }
  }

  #add (kind: DifferenceKind, what: string): void {
    this.#differences.add(kind, `${this.#expectation.destination}: ${what}`)
  }
}

function isTaken (status: number): boolean {
  return status >= 200 && status < 300
}

/** The body says what was sent, whatever else it says. */
function isBodyOf (body: string, { id, userId, payload }: SentEvent): boolean {
  try {
    const parsed = JSON.parse(body) as Readonly<Record<string, unknown>>
    return parsed.id === id && parsed.user_id === userId && parsed.payload === payload
  } catch {
    return false
  }
}
