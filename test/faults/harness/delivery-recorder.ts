import { createHash } from 'node:crypto'
import { type Behaviour } from '../../helpers/destination-server.js'

/** One event of so many fails at its first send, and of so many is taken unheard. */
const FAILING = 20
const UNHEARD = 33

/**
 * What a destination has taken of events whose payload is their number among those of their user, from 0 on. Some fail at
 * their first send, and some are taken without the sender hearing of it; none fails more often.
 */
export class DeliveryRecorder {
  /** By id. */
  readonly accepted = new Set<string>()
  readonly strangers: string[] = []
  readonly #seen = new Set<string>()
  readonly #next = new Map<string, number>()
  readonly #eventsPerUser: number
  inversions = 0
  repeats = 0
  unheard = 0
  failed = 0

  constructor (eventsPerUser: number) {
    this.#eventsPerUser = eventsPerUser
  }

  receive (id: string, body: Buffer): ReturnType<Behaviour> {
    const draw = createHash('sha1').update(id).digest().readUInt32BE(0)
    const first = !this.#seen.has(id)
    this.#seen.add(id)
    if (first && draw % FAILING === 0) {
      this.failed++
      return 503
    }
    this.#take(id, body)
    if (first && draw % UNHEARD === 0) {
      this.unheard++
      return response => { response.socket?.destroy() }
    }
    return 200
  }

  #take (id: string, body: Buffer): void {
    if (this.accepted.has(id)) {
      this.repeats++
      return
    }
    this.accepted.add(id)
    const { user_id: user, payload } = JSON.parse(body.toString()) as { user_id: string, payload: string }
    const number = Number(payload)
    const next = this.#next.get(user) ?? 0
    if (!(number >= 0 && number < this.#eventsPerUser)) this.strangers.push(`${user} ${payload}`)
    if (number !== next) this.inversions++
    this.#next.set(user, Math.max(next, number + 1))
  }
}
