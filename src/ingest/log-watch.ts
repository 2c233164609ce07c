import { type DeliveryProducer } from '../connectors/kafka/delivery-producer.js'
import { type Clock, type Timer } from '../engine/clock.js'
import { CONNECTING, type Health } from '../service/health.js'
import { type EventLog } from './event-log.js'

const LOOK_EVERY_MS = 1_000
/** Longest wait for the brokers' answer when no event tells that they are there. */
const ANSWER_TIMEOUT_MS = 3_000

export interface LogWatchOptions {
  readonly log: Pick<EventLog, 'isOpen' | 'isAvailable' | 'appended' | 'open'>
  readonly producer: Pick<DeliveryProducer, 'connect' | 'reaches'>
  readonly topic: string
  readonly health: Pick<Health, 'red' | 'green'>
  readonly clock: Clock
}

/**
 * Keeps the check `ingest`: green while an event would be accepted. The log is opened once the producer reaches its topic,
 * so that the first event meets no connection that is still to be made. Later an event that was acknowledged since the
 * last look tells that the brokers are there; without one they are asked.
 */
export class LogWatch {
  readonly #options: LogWatchOptions
  #timer: Timer | undefined
  #seen = 0
  #closed = false

  constructor (options: LogWatchOptions) {
    this.#options = options
    options.health.red('ingest', CONNECTING)
  }

  /** Called once the topic is there. */
  async begin (): Promise<void> {
    await this.#options.producer.connect()
    await this.#look()
  }

  close (): void {
    this.#closed = true
    this.#timer?.clear()
  }

  async #look (): Promise<void> {
    const { log, health, clock } = this.#options
    const problem = await this.#problem()
    if (this.#closed) return
    if (problem === undefined) {
      log.open()
      health.green('ingest')
    } else if (log.isOpen) {
      health.red('ingest', problem)
    }
    this.#timer = clock.setTimer(() => { void this.#look() }, LOOK_EVERY_MS)
  }

  async #problem (): Promise<string | undefined> {
    const { log, producer, topic } = this.#options
    if (log.isOpen && !log.isAvailable) return 'events wait for their acknowledgement'
    const before = this.#seen
    this.#seen = log.appended
    if (this.#seen > before || await producer.reaches(topic, ANSWER_TIMEOUT_MS)) return undefined
    return 'the brokers do not answer'
  }
}
