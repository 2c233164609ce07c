import { type ServerResponse } from 'node:http'
import { type Behaviour } from '../../helpers/destination-server.js'
import { DeliveryTaken } from './delivery-taken.js'

/** Says which service a request comes from. */
export const MEMBER_HEADER = 'x-member'

interface Request {
  readonly member: string
  /** ms since 1970 */
  readonly at: number
}

/**
 * A destination of a run. It takes every event that reaches it, unless it refuses all of them; its answers may come late,
 * or be held back from one of the services.
 */
export class DeliveryTarget {
  readonly taken = new DeliveryTaken()
  readonly requests: Request[] = []
  /** By id, when a service was first told that the event is taken, in ms since 1970. */
  readonly acknowledgedAt = new Map<string, number>()
  /** Whatever was never sent, or has other bytes than were sent. */
  readonly strangers: string[] = []
  /** Of each answer. */
  delayMs = 0
  /** A status that it answers instead of taking anything. */
  refusal: number | undefined
  refused = 0
  /** Requests whose answer was held back when their service gave them up. */
  givenUp = 0
  readonly #sent: ReadonlyMap<string, Buffer>
  readonly #held = new Set<() => void>()
  #holdsFrom: string | undefined

  /** `sent`: by id, all that may come. */
  constructor (sent: ReadonlyMap<string, Buffer>) {
    this.#sent = sent
  }

  readonly behaviour: Behaviour = ({ headers, body }) => {
    const member = String(headers[MEMBER_HEADER])
    this.requests.push({ member, at: Date.now() })
    if (this.refusal !== undefined) {
      this.refused++
      return this.refusal
    }
    const id = String(headers['webhook-id'])
    if (this.#sent.get(id)?.equals(body) !== true) this.strangers.push(id)
    this.taken.take(id, body)
    return response => {
      if (member === this.#holdsFrom) this.#hold(id, response)
      else if (this.delayMs === 0) this.#acknowledge(id, response)
      else setTimeout(() => { this.#acknowledge(id, response) }, this.delayMs)
    }
  }

  /** From now on it takes events of this service and does not answer. */
  holdAnswers (member: string): void {
    this.#holdsFrom = member
  }

  /** All answers that are held back come now, as far as anybody still waits for them. */
  releaseAnswers (): void {
    this.#holdsFrom = undefined
    for (const answer of this.#held) answer()
    this.#held.clear()
  }

  /** Requests whose answer is held back, and whose service still waits for it. */
  get held (): number {
    return this.#held.size
  }

  #hold (id: string, response: ServerResponse): void {
    const answer = (): void => { this.#acknowledge(id, response) }
    this.#held.add(answer)
    response.once('close', () => { if (this.#held.delete(answer)) this.givenUp++ })
  }

  #acknowledge (id: string, response: ServerResponse): void {
    if (response.destroyed) return
    if (!this.acknowledgedAt.has(id)) this.acknowledgedAt.set(id, Date.now())
    response.writeHead(200).end()
  }
}
