import { setTimeout as wait } from 'node:timers/promises'
import { Pool } from 'undici'
import { systemClock } from '../../src/engine/clock.js'
import { Pace } from '../../src/generator/pace.js'

const START_TIMEOUT_MS = 60_000
const LOOK_MS = 100
const CONNECTIONS = 32
const BATCH_EVENTS = 200
const USERS = 1_000
const PAYLOAD = 'x'.repeat(100)

/** Sends events to the service; resolves with the ids of those that are in the topic. */
export class EventSender {
  readonly #pool: Pool
  #next = 0

  constructor (origin: string) {
    this.#pool = new Pool(origin, { connections: CONNECTIONS })
  }

  /** Sends one event as soon as the service accepts any. */
  async first (): Promise<string[]> {
    const deadline = performance.now() + START_TIMEOUT_MS
    while (performance.now() < deadline) {
      const ids = await this.#send(1).catch(() => undefined)
      if (ids !== undefined) return ids
      await wait(LOOK_MS)
    }
    throw new Error('it accepts no events')
  }

  /** In batches, as fast as they are taken. */
  async burst (events: number): Promise<string[]> {
    const ids: string[] = []
    while (ids.length < events) ids.push(...await this.#send(Math.min(BATCH_EVENTS, events - ids.length)))
    return ids
  }

  /** One a request, at an even rate. */
  async paced (perSecond: number, seconds: number): Promise<string[]> {
    const pace = new Pace(systemClock, perSecond)
    const sending: Array<Promise<string[]>> = []
    while (sending.length < perSecond * seconds) {
      sending.push(this.#send(1))
      sending.at(-1)?.catch(() => {}) // told below
      await wait(pace.next())
    }
    return (await Promise.all(sending)).flat()
  }

  async close (): Promise<void> {
    await this.#pool.destroy()
  }

  async #send (count: number): Promise<string[]> {
    const events = Array.from({ length: count }, () => ({ user_id: `user_${this.#next++ % USERS}`, payload: PAYLOAD }))
    const { statusCode, body } = await this.#pool.request({ path: '/events', method: 'PUT', headers: { 'content-type': 'application/json' }, body: JSON.stringify(events) })
    if (statusCode !== 202) throw new Error(`answered with ${statusCode}: ${await body.text()}`)
    return (await body.json() as { ids: string[] }).ids
  }
}
