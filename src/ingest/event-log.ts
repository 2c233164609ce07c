import { blamesMessage } from '../connectors/kafka/delivery-outcome.js'
import { type DeliveryProducer } from '../connectors/kafka/delivery-producer.js'
import { type DeliveryFailures, type OutgoingMessage } from '../connectors/kafka/shipment.js'
import { type Clock, type Timer } from '../engine/clock.js'

export interface EventLogOptions {
  readonly producer: Pick<DeliveryProducer, 'deliver' | 'oldestPendingMs'>
  readonly clock: Clock
  /** How long a caller waits for all replicas. */
  readonly timeoutMs: number
  /** What may wait for its acknowledgement; beyond it nothing more is taken. */
  readonly maxPendingEvents: number
  readonly maxPendingBytes: number
}

/**
 * - `appended`: all replicas have every event.
 * - `full`, `unavailable`: nothing was begun.
 * - `unknown`: some events may be in the log, now or later.
 * - `too-large`: the brokers refuse an event for its size; others of the same call may be in the log.
 */
export type Appended = 'appended' | 'full' | 'unavailable' | 'unknown' | 'too-large'

type LogRecord = OutgoingMessage & { readonly value: Buffer }

interface Caller {
  /** Monotonic ms. */
  readonly until: number
  resolve (result: Appended): void
}

/**
 * The way into the topic. What is handed over is never taken back, since the client sends it sooner or later anyway: it
 * counts as pending until it is reported, however long its caller has been gone. So what an outage piles up is
 * bounded, and while the oldest has waited for longer than a caller would, nothing more is taken at all.
 */
export class EventLog {
  readonly #options: EventLogOptions
  /** Those that wait, oldest first. */
  readonly #callers = new Set<Caller>()
  #timer: Timer | undefined
  #isOpen = false
  #events = 0
  #bytes = 0

  constructor (options: EventLogOptions) {
    this.#options = options
  }

  get pending (): { readonly events: number, readonly bytes: number } {
    return { events: this.#events, bytes: this.#bytes }
  }

  get isOpen (): boolean {
    return this.#isOpen
  }

  get isAvailable (): boolean {
    return this.#isOpen && this.#options.producer.oldestPendingMs <= this.#options.timeoutMs
  }

  /** The topic is there; before that nothing is taken. */
  open (): void {
    this.#isOpen = true
  }

  async append (records: readonly LogRecord[]): Promise<Appended> {
    const { maxPendingEvents, maxPendingBytes, producer, clock, timeoutMs } = this.#options
    if (!this.isAvailable) return 'unavailable'
    let bytes = 0
    for (const { value } of records) bytes += value.length
    // One call is always taken, however large: else it never could be.
    if (this.#events > 0 && (this.#events + records.length > maxPendingEvents || this.#bytes + bytes > maxPendingBytes)) return 'full'
    this.#events += records.length
    this.#bytes += bytes
    return await new Promise((resolve, reject) => {
      const caller = { resolve, until: clock.now() + timeoutMs }
      this.#callers.add(caller)
      this.#timer ??= clock.setTimer(() => { this.#giveUpLate() }, timeoutMs)
      producer.deliver(records).then(failures => {
        this.#events -= records.length
        this.#bytes -= bytes
        this.#forget(caller)
        resolve(resultOf(failures))
      }, reject)
    })
  }

  /** All wait equally long, so the oldest are the first: one timer does for all. */
  #giveUpLate (): void {
    const { clock } = this.#options
    this.#timer = undefined
    for (const caller of this.#callers) {
      const waitMs = caller.until - clock.now()
      if (waitMs > 0) {
        this.#timer = clock.setTimer(() => { this.#giveUpLate() }, waitMs)
        return
      }
      this.#callers.delete(caller)
      caller.resolve('unknown')
    }
  }

  #forget (caller: Caller): void {
    this.#callers.delete(caller)
    if (this.#callers.size > 0) return
    this.#timer?.clear()
    this.#timer = undefined
  }
}

function resultOf (failures: DeliveryFailures | undefined): Appended {
  if (failures === undefined) return 'appended'
  return failures.every(failure => failure === undefined || blamesMessage(failure)) ? 'too-large' : 'unknown'
}
