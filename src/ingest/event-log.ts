import { blamesMessage } from '../connectors/kafka/delivery-outcome.js'
import { type DeliveryProducer } from '../connectors/kafka/delivery-producer.js'
import { type DeliveryFailures, type OutgoingMessage } from '../connectors/kafka/shipment.js'
import { type Clock, type Timer } from '../engine/clock.js'

export interface EventLogOptions {
  readonly producer: Pick<DeliveryProducer, 'send'>
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

export type LogRecord = OutgoingMessage & { readonly value: Buffer }

type Told = (result: Appended) => void

interface Caller {
  /** Monotonic ms. */
  readonly until: number
  /** Let go of once it is called, for the reason that `Shipment` has. */
  told: Told | undefined
}

/** A timer that fires so late was kept from it: the process stood still, and what it was told meanwhile is heard after its timers. */
const STANDSTILL_MS = 100
/** After it: for reports to come in. */
const HEARING_MS = 1_000

/**
 * The way into the topic. What is handed over is never taken back, since the client sends it sooner or later anyway: it
 * counts as pending until it is reported, however long its caller has been gone. So what an outage piles up is
 * bounded, and while a call waits that its caller gave up, nothing more is taken at all.
 */
export class EventLog {
  readonly #options: EventLogOptions
  /** Those that wait, oldest first. */
  readonly #callers = new Set<Caller>()
  #timer: Timer | undefined
  #isOpen = false
  /** Calls without a report whose callers are gone. */
  #overdue = 0
  #appended = 0
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
    return this.#isOpen && this.#overdue === 0
  }

  /** How many calls were acknowledged altogether. */
  get appended (): number {
    return this.#appended
  }

  /** The topic is there, and the producer can reach it; before that nothing is taken. */
  open (): void {
    this.#isOpen = true
  }

  /** Tells its caller once, now or later. A callback and no promise, since every request makes a call. */
  append (records: readonly LogRecord[], told: Told): void {
    const { maxPendingEvents, maxPendingBytes, producer, clock, timeoutMs } = this.#options
    if (!this.isAvailable) {
      told('unavailable')
      return
    }
    let bytes = 0
    for (const { value } of records) bytes += value.length
    // One call is always taken, however large: else it never could be.
    if (this.#events > 0 && (this.#events + records.length > maxPendingEvents || this.#bytes + bytes > maxPendingBytes)) {
      told('full')
      return
    }
    this.#events += records.length
    this.#bytes += bytes
    const caller: Caller = { until: clock.now() + timeoutMs, told }
    this.#callers.add(caller)
    if (this.#timer === undefined) this.#lookIn(timeoutMs)
    const events = records.length
    producer.send(records, failures => {
      this.#events -= events
      this.#bytes -= bytes
      if (failures === undefined) this.#appended++
      this.#forget(caller)
      tell(caller, resultOf(failures))
    })
  }

  /** All wait equally long, so the oldest are the first: one timer does for all. */
  #lookIn (delayMs: number): void {
    const { clock } = this.#options
    const dueAt = clock.now() + delayMs
    this.#timer = clock.setTimer(() => {
      if (clock.now() - dueAt > STANDSTILL_MS) this.#timer = clock.setTimer(() => { this.#giveUpLate() }, HEARING_MS)
      else this.#giveUpLate()
    }, delayMs)
  }

  #giveUpLate (): void {
    const { clock } = this.#options
    this.#timer = undefined
    for (const caller of this.#callers) {
      const waitMs = caller.until - clock.now()
      if (waitMs > 0) {
        this.#lookIn(waitMs)
        return
      }
      this.#callers.delete(caller)
      this.#overdue++
      tell(caller, 'unknown')
    }
  }

  /** Its call is reported. */
  #forget (caller: Caller): void {
    if (!this.#callers.delete(caller)) this.#overdue--
    if (this.#callers.size > 0) return
    this.#timer?.clear()
    this.#timer = undefined
  }
}

function tell (caller: Caller, result: Appended): void {
  const { told } = caller
  caller.told = undefined
  told?.(result)
}

function resultOf (failures: DeliveryFailures | undefined): Appended {
  if (failures === undefined) return 'appended'
  return failures.every(failure => failure === undefined || blamesMessage(failure)) ? 'too-large' : 'unknown'
}
