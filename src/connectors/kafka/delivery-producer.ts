import rdkafka, { type DeliveryReport, type LibrdKafkaError, type MessageHeader, type Producer, type ProducerGlobalConfig, type ProducerTopicConfig } from 'node-rdkafka'
import { type Clock, type Timer } from '../../engine/clock.js'
import { Fifo } from '../../engine/fifo.js'
import { deliveryCode, toClientError } from './client-error.js'
import { connectClient, disconnect } from './connection.js'
import { blamesMessage } from './delivery-outcome.js'
import { type KafkaLog } from './kafka-log.js'
import { type DeliveryFailure, type DeliveryFailures, type Messages, type OutgoingMessage, type Settled, Shipment } from './shipment.js'

/** Reports come with a poll. One that finds none costs little, so it comes soon enough to add nothing to a round trip. */
const POLL_EVERY_MS = 1
/** A report names its message by one number: that of the call times this, plus the place in the call. */
const MAX_MESSAGES = 65_536
const ONE_A_BATCH = 'batch.num.messages'
const { ERR_MSG_SIZE_TOO_LARGE, ERR__QUEUE_FULL, ERR__FATAL, ERR__PURGE_QUEUE, ERR__PURGE_INFLIGHT } = rdkafka.CODES.ERRORS

interface DeliveryProducerOptions {
  readonly properties: { readonly global: ProducerGlobalConfig, readonly topic: ProducerTopicConfig }
  readonly log: KafkaLog
  readonly clock: Clock
}

/**
 * An idempotent producer that reports the delivery of whole calls. Messages wait as long as the brokers are away; a full
 * queue is waited out; after a fatal error of the client a new one takes over what was not reported, in its order.
 *
 * Messages of one key reach their topic in the order of their calls, and in it: the client keeps the order of a
 * partition through its own retries, and when something fails that is not the message's own fault, nothing that stands
 * behind it in its call is handed over any more. The caller repeats what failed before it sends anything later.
 * Only where a topic takes less than the client's `batch.size` may later messages pass earlier ones: a whole batch is
 * refused then, and each of its messages is sent once more by itself, to find the one that is too large.
 */
export class DeliveryProducer {
  readonly #properties: { readonly global: ProducerGlobalConfig, readonly topic: ProducerTopicConfig }
  readonly #log: KafkaLog
  readonly #clock: Clock
  readonly #closing = new AbortController()
  /** By number, oldest first. */
  readonly #shipments = new Map<number, Shipment>()
  /** Those that the client does not have altogether. */
  #unsent = new Fifo<Shipment>()
  #producer: Producer | undefined
  #connecting: Promise<void> | undefined
  #pollTimer: Timer | undefined
  #nextNumber = 0
  /** Makes the producer that sends each message by itself; undefined in that one. */
  readonly #createSingly: (() => DeliveryProducer) | undefined
  #singly: DeliveryProducer | undefined

  constructor (options: DeliveryProducerOptions) {
    // A message is given up by its owner, never by a timeout of the client: the copy it leaves behind could still arrive.
    const { global, topic } = options.properties
    this.#properties = { global: { ...global, dr_cb: true }, topic: { ...topic, 'message.timeout.ms': 0 } }
    this.#log = options.log
    this.#clock = options.clock
    const properties = { global: { ...global, [ONE_A_BATCH]: 1 }, topic }
    this.#createSingly = ONE_A_BATCH in global ? undefined : () => new DeliveryProducer({ ...options, properties })
  }

  /** How long the oldest call has waited for its reports, in ms. */
  get oldestPendingMs (): number {
    const [oldest] = this.#shipments.values()
    return oldest === undefined ? 0 : this.#clock.now() - oldest.startedAt
  }

  /** Connects now instead of with the first message. Resolves once the brokers are there, however long that takes, or when it is closed. */
  async connect (): Promise<void> {
    if (this.#producer === undefined && !this.#closing.signal.aborted) await (this.#connecting ??= this.#connect())
  }

  /** Whether the topic is there and the leader of its first partition answers within `timeoutMs`; false while this is not connected. */
  async reaches (topic: string, timeoutMs: number): Promise<boolean> {
    const producer = this.#producer
    if (producer === undefined) return false
    return await new Promise(resolve => {
      producer.queryWatermarkOffsets(topic, 0, timeoutMs, error => { resolve(error === null || error === undefined) })
    })
  }

  /**
   * Resolves once every message is acknowledged or refused: with nothing when all are acknowledged, else with what each
   * failed with. When `signal` aborts, what has no report yet is given up; what the client has may still be delivered.
   * At most 65,536 messages.
   */
  deliver (messages: Messages, signal?: AbortSignal): Promise<DeliveryFailures | undefined> {
    return new Promise(resolve => {
      if (messages.length === 0) {
        resolve(undefined)
        return
      }
      const giveUp = (): void => { shipment.giveUp() }
      const shipment = this.#begin(messages, failures => {
        signal?.removeEventListener('abort', giveUp)
        resolve(failures)
      })
      signal?.addEventListener('abort', giveUp)
      if (signal?.aborted === true) giveUp()
      else this.#flush()
    })
  }

  /** The same for at least one message, with a callback, which may come before this returns: for who makes a call for each message. */
  send (messages: Messages, settled: Settled): void {
    this.#begin(messages, settled)
    this.#flush()
  }

  /** Ends the producer; what is pending then is never reported. */
  async close (): Promise<void> {
    this.#closing.abort()
    this.#pollTimer?.clear()
    await Promise.all([this.#connecting, this.#singly?.close()])
    const producer = this.#producer
    this.#producer = undefined
    if (producer !== undefined) await disconnect(producer, this.#log, this.#clock)
  }

  #begin (messages: Messages, settled: Settled): Shipment {
    if (messages.length > MAX_MESSAGES) throw new RangeError(`${messages.length} messages in one call; at most ${MAX_MESSAGES}`)
    const number = this.#nextNumber++
    const shipment = new Shipment(number, messages, this.#clock.now(), failures => {
      this.#shipments.delete(number)
      settled(failures)
    })
    this.#shipments.set(number, shipment)
    this.#unsent.push(shipment)
    return shipment
  }

  #flush (): void {
    if (this.#closing.signal.aborted) return
    const producer = this.#producer
    if (producer === undefined) {
      this.#connecting ??= this.#connect()
      return
    }
    for (let first = this.#unsent.peek(); first !== undefined; first = this.#unsent.peek()) {
      if (!this.#handOver(producer, first)) break
      this.#unsent.shift()
    }
    this.#pollLater()
  }

  /** False when the client takes no more for now. */
  #handOver (producer: Producer, shipment: Shipment): boolean {
    for (let index = shipment.next; index >= 0; index = shipment.next) {
      const { topic, key, value, headers } = shipment.messages.at(index) as OutgoingMessage
      try {
        // The typings want an array that could be changed; it is only read.
        producer.produce(topic, null, value, key, null, shipment.number * MAX_MESSAGES + index, headers as MessageHeader[])
        shipment.handedOver()
      } catch (error) {
        const { code, message } = error as LibrdKafkaError
        if (code === ERR__QUEUE_FULL) return false
        if (code === ERR__FATAL) {
          this.#replace(producer)
          return false
        }
        this.#failed(shipment, index, { code, message })
      }
    }
    return true
  }

  #pollLater (): void {
    if (this.#pollTimer !== undefined || this.#shipments.size === 0) return
    this.#pollTimer = this.#clock.setTimer(() => {
      this.#pollTimer = undefined
      this.#producer?.poll()
      this.#flush()
    }, POLL_EVERY_MS)
  }

  #reported (producer: Producer, error: LibrdKafkaError | null, { opaque }: DeliveryReport): void {
    const number = Math.floor(opaque as number / MAX_MESSAGES)
    const index = opaque as number - number * MAX_MESSAGES
    const shipment = this.#shipments.get(number)
    if (error === null || error === undefined) {
      shipment?.report(index, undefined)
      return
    }
    // What a client says that is being replaced is of no account: the next one sends it.
    if (producer !== this.#producer) return
    const code = deliveryCode(error)
    if (code === ERR__FATAL || code === ERR__PURGE_QUEUE || code === ERR__PURGE_INFLIGHT) this.#replace(producer)
    else if (code === ERR_MSG_SIZE_TOO_LARGE && this.#createSingly !== undefined) void this.#sendAlone(shipment, index, this.#createSingly)
    else if (shipment !== undefined) this.#failed(shipment, index, { code, message: error.message })
  }

  /** The broker says of each message of a batch that it is too large. */
  async #sendAlone (shipment: Shipment | undefined, index: number, create: () => DeliveryProducer): Promise<void> {
    const message = shipment?.messages.at(index)
    if (shipment === undefined || message === undefined) return
    this.#singly ??= create()
    const [failure] = await this.#singly.deliver([message]) ?? []
    if (failure === undefined) shipment.report(index, undefined)
    else this.#failed(shipment, index, failure)
  }

  #failed (shipment: Shipment, index: number, failure: DeliveryFailure): void {
    shipment.report(index, failure)
    if (!blamesMessage(failure)) shipment.stop(failure)
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
    this.#unsent = new Fifo()
    for (const shipment of this.#shipments.values()) {
      shipment.rewind()
      this.#unsent.push(shipment)
    }
    this.#connecting = disconnect(producer, this.#log, this.#clock).then(async () => { await this.#connect() })
  }
}
