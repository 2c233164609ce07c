import { type MessageHeader } from 'node-rdkafka'

export interface OutgoingMessage {
  readonly topic: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  /** See `toMessageHeaders`. */
  readonly headers: readonly MessageHeader[]
}

/**
 * The messages of one call: an array, or something that makes each when it is handed over, which may be more than once.
 * What is made late is garbage at once, instead of for as long as the call takes.
 */
export interface Messages {
  readonly length: number
  at (index: number): OutgoingMessage | undefined
}

/** Why a message was not delivered; `code` is librdkafka's or the broker's. */
export interface DeliveryFailure {
  readonly code: number
  readonly message: string
}

/** By index of the message; `undefined` where it was delivered. */
export type DeliveryFailures = ReadonlyArray<DeliveryFailure | undefined>

/** Hears of a call once; `undefined` when every message was delivered. */
export type Settled = (failures: DeliveryFailures | undefined) => void

const NONE: Messages = []

/** The caller did not want to wait any longer; what the client has already may still be delivered. */
export const GIVEN_UP: DeliveryFailure = { code: 0, message: 'given up' }

/**
 * The messages of one call on their way: which of them the client has, and what it reported. They are handed over in
 * order; each is reported once, in any order, and the last report settles the call.
 */
export class Shipment {
  readonly number: number
  /** Monotonic ms. */
  readonly startedAt: number
  #messages: Messages
  #settle: Settled
  /** 1 at the index of a message that is reported; a call of one message does without. */
  readonly #reported: Uint8Array | undefined
  #failures: Array<DeliveryFailure | undefined> | undefined
  #unreported: number
  #next = 0

  constructor (number: number, messages: Messages, startedAt: number, settle: Settled) {
    this.number = number
    this.#messages = messages
    this.startedAt = startedAt
    this.#settle = settle
    this.#reported = messages.length > 1 ? new Uint8Array(messages.length) : undefined
    this.#unreported = messages.length
  }

  /** Empty once the call is settled. */
  get messages (): Messages {
    return this.#messages
  }

  /** The message to hand over next; -1 when there is none. */
  get next (): number {
    while (this.#next < this.#messages.length && this.#isReported(this.#next)) this.#next++
    return this.#next < this.#messages.length ? this.#next : -1
  }

  handedOver (): void {
    this.#next++
  }

  report (index: number, failure: DeliveryFailure | undefined): void {
    if (index >= this.#messages.length || this.#isReported(index)) return
    if (this.#reported !== undefined) this.#reported[index] = 1
    if (failure !== undefined) {
      this.#failures ??= new Array<DeliveryFailure | undefined>(this.#messages.length).fill(undefined)
      this.#failures[index] = failure
    }
    if (--this.#unreported === 0) this.#end()
  }

  /** Hands nothing more over: what has not been shares this failure, lest it overtakes what met it first. */
  stop (failure: DeliveryFailure): void {
    for (let index = this.next; index >= 0; index = this.next) this.report(index, failure)
  }

  /** Settles it now, whatever the client may still report. */
  giveUp (): void {
    for (let index = 0; index < this.#messages.length; index++) this.report(index, GIVEN_UP)
  }

  /** Another client takes over: what is not reported is handed over again. */
  rewind (): void {
    this.#next = 0
  }

  /**
   * Lets go of what it holds: a Map that is always in use leaves its former tables to the collector with all that was in
   * them, and one that became old keeps that alive until the next large collection.
   */
  #end (): void {
    const settle = this.#settle
    this.#settle = () => {}
    this.#messages = NONE
    settle(this.#failures)
  }

  #isReported (index: number): boolean {
    return this.#reported === undefined ? this.#unreported === 0 : this.#reported[index] === 1
  }
}
