import { createHash } from 'node:crypto'
import { type Behaviour } from '../../helpers/destination-server.js'
import { DeliveryTaken } from './delivery-taken.js'

/** One event of so many fails at its first send, and of so many is taken unheard. */
const FAILING = 20
const UNHEARD = 33

/**
 * What a destination has taken of events whose payload is their number among those of their user, from 0 on. Some fail at
 * their first send, and some are taken without the sender hearing of it; none fails more often.
 */
export class DeliveryRecorder {
  readonly taken = new DeliveryTaken()
  readonly strangers: string[] = []
  readonly #seen = new Set<string>()
  readonly #eventsPerUser: number
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
    const { user_id: user, payload } = JSON.parse(body.toString()) as { user_id: string, payload: string }
    if (!(Number(payload) >= 0 && Number(payload) < this.#eventsPerUser)) this.strangers.push(`${user} ${payload}`)
    this.taken.take(id, body)
  }
}
