import rdkafka, { type DeliveryReport, type LibrdKafkaError, type MessageHeader, type Producer, type ProducerGlobalConfig, type ProducerTopicConfig } from 'node-rdkafka'
import { type Clock, type Timer } from '../../engine/clock.js'
import { deliveryCode, toClientError } from './client-error.js'
import { connectClient, disconnect } from './connection.js'
import { type KafkaLog } from './kafka-log.js'

const POLL_EVERY_MS = 5
const { ERR__QUEUE_FULL, ERR__FATAL, ERR__PURGE_QUEUE, ERR__PURGE_INFLIGHT } = rdkafka.CODES.ERRORS

export interface OutgoingMessage {
  readonly topic: string
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly MessageHeader[]
}

/** Why a message was not delivered; `code` is librdkafka's or the broker's. */
export interface DeliveryFailure {
  readonly code: number
  readonly message: string
}

interface Pending {
  readonly message: OutgoingMessage
  readonly sentAt: number
  resolve (failure: DeliveryFailure | undefined): void
}

/**
 * An idempotent producer that reports each message's delivery once. Messages wait as long as the brokers are away; a
 * full queue is waited out; after a fatal error of the client a new one takes over what was not reported.
 */
export class DeliveryProducer {
  readonly #properties: { readonly global: ProducerGlobalConfig, readonly topic: ProducerTopicConfig }
  readonly #log: KafkaLog
  readonly #clock: Clock
  readonly #closing = new AbortController()
  readonly #pending = new Map<number, Pending>()
  readonly #queued: number[] = []
  #producer: Producer | undefined
  #connecting: Promise<void> | undefined
  #pollTimer: Timer | undefined
  #nextId = 0

  constructor (options: { properties: { global: ProducerGlobalConfig, topic: ProducerTopicConfig }, log: KafkaLog, clock: Clock }) {
    // A message is given up by its owner, never by a timeout of the client: the copy it leaves behind could still arrive.
    const { global, topic } = options.properties
    this.#properties = { global: { ...global, dr_cb: true }, topic: { ...topic, 'message.timeout.ms': 0 } }
    this.#log = options.log
    this.#clock = options.clock
  }

  /** How long the oldest message has waited for its report, in ms. */
  get oldestPendingMs (): number {
    const [oldest] = this.#pending.values()
    return oldest === undefined ? 0 : this.#clock.now() - oldest.sentAt
  }

  /** Resolves once the broker has acknowledged the message, or with the reason why it never will. */
  async deliver (message: OutgoingMessage): Promise<DeliveryFailure | undefined> {
    return await new Promise(resolve => {
      const id = this.#nextId++
      this.#pending.set(id, { message, sentAt: this.#clock.now(), resolve })
      this.#queued.push(id)
      this.#flush()
    })
  }

  /** Ends the producer; what is pending then is never reported. */
  async close (): Promise<void> {
    this.#closing.abort()
    this.#pollTimer?.clear()
    await this.#connecting
    const producer = this.#producer
    this.#producer = undefined
    if (producer !== undefined) await disconnect(producer, this.#log, this.#clock)
  }

  #flush (): void {
    if (this.#closing.signal.aborted) return
    const producer = this.#producer
    if (producer === undefined) {
      this.#connecting ??= this.#connect()
      return
    }
    for (let id = this.#queued[0]; id !== undefined; id = this.#queued[0]) {
      if (!this.#produce(producer, id)) break
      this.#queued.shift()
    }
    this.#pollLater()
  }

  /** False when the queue is full for now. */
  #produce (producer: Producer, id: number): boolean {
    const pending = this.#pending.get(id)
    if (pending === undefined) return true
    const { topic, value, key, headers } = pending.message
    try {
      producer.produce(topic, null, value, key, null, id, [...headers])
      return true
    } catch (error) {
      const { code, message } = error as LibrdKafkaError
      if (code === ERR__QUEUE_FULL) return false
      if (code === ERR__FATAL) {
        this.#replace(producer)
        return false
      }
      this.#report(id, { code, message })
      return true
    }
  }

  #pollLater (): void {
    if (this.#pollTimer !== undefined || this.#pending.size === 0) return
    this.#pollTimer = this.#clock.setTimer(() => {
      this.#pollTimer = undefined
      this.#producer?.poll()
      this.#flush()
    }, POLL_EVERY_MS)
  }

  #reported (producer: Producer, error: LibrdKafkaError | null, { opaque }: DeliveryReport): void {
    if (producer !== this.#producer) return
    if (error === null || error === undefined) {
      this.#report(opaque as number, undefined)
      return
    }
    const { message } = error
    const code = deliveryCode(error)
    // Thrown out of a client that is being replaced: the next one sends it.
    if (code === ERR__FATAL || code === ERR__PURGE_QUEUE || code === ERR__PURGE_INFLIGHT) this.#replace(producer)
    else this.#report(opaque as number, { code, message })
  }

  #report (id: number, failure: DeliveryFailure | undefined): void {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    pending?.resolve(failure)
  }

  async #connect (): Promise<void> {
    const producer = await connectClient(() => this.#create(), this.#log, this.#clock, this.#closing.signal)
    this.#connecting = undefined
    if (producer === undefined) return
    this.#producer = producer
    this.#flush()
  }

  #create (): Producer {
    const producer = new rdkafka.Producer(this.#properties.global, this.#properties.topic)
    producer.on('delivery-report', (error, report) => { this.#reported(producer, error, report) })
    producer.on('event.error', error => {
      const clientError = toClientError(error)
      this.#log.clientError(clientError)
      if (clientError.kind === 'fatal') this.#replace(producer)
    })
    return producer
  }

  #replace (producer: Producer): void {
    if (producer !== this.#producer) return
    this.#producer = undefined
    this.#queued.length = 0
    this.#queued.push(...this.#pending.keys())
    this.#connecting = disconnect(producer, this.#log, this.#clock).then(async () => { await this.#connect() })
  }
}
