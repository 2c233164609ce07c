import rdkafka, { type DeliveryReport, type LibrdKafkaError, type Producer } from 'node-rdkafka'
import { type KafkaProducerSettings, producerConfig } from '../connectors/kafka/client-config.js'
import { AppError } from '../errors.js'
import { type GeneratedRecord } from './event-generator.js'
import { type Acknowledge, type Target } from './target.js'

export interface KafkaTargetOptions {
  readonly kafka: KafkaProducerSettings
  readonly topic: string
  readonly key: 'none' | 'uid' | 'client'
}

/**
 * Straight to a topic: idempotent, acknowledged by all replicas, in the order of the records within a partition. At
 * most `MAX_IN_FLIGHT` records wait for their delivery report.
 */
export class KafkaTarget implements Target {
  readonly #options: KafkaTargetOptions
  readonly #producer: Producer
  readonly #acknowledge: Acknowledge
  readonly #inFlight = new Map<number, GeneratedRecord>()
  #waiting: Array<() => void> = []
  #fatal: Error | undefined

  private constructor (options: KafkaTargetOptions, producer: Producer, acknowledge: Acknowledge) {
    this.#options = options
    this.#producer = producer
    this.#acknowledge = acknowledge
    producer.on('delivery-report', (error, report) => this.#delivered(error, report))
    producer.on('event.error', error => { if (error.code === rdkafka.CODES.ERRORS.ERR__FATAL) this.#failAll(toError(error)) })
    producer.setPollInterval(POLL_MS)
  }

  /** Rejects with UNAVAILABLE when no broker answers. */
  static async connect (options: KafkaTargetOptions, acknowledge: Acknowledge): Promise<KafkaTarget> {
    const { global, topic } = producerConfig(options.kafka)
    const producer = new rdkafka.Producer(global, topic)
    await new Promise<void>((resolve, reject) => {
      producer.connect({ timeout: CONNECT_TIMEOUT_MS }, error => {
        if (error === null || error === undefined) resolve()
        else reject(new AppError('UNAVAILABLE', `Kafka at ${options.kafka.brokers.join(',')}: ${error.message}`)) // by now it has disconnected itself
      })
    })
    return new KafkaTarget(options, producer, acknowledge)
  }

  write (record: GeneratedRecord): Promise<void> | undefined {
    this.#inFlight.set(record.index, record)
    const produced = this.#produce(record)
    return produced && this.#inFlight.size < MAX_IN_FLIGHT ? undefined : this.#makeRoom(record, produced)
  }

  async flush (): Promise<void> {
    while (this.#inFlight.size > 0) await this.#someDelivered()
  }

  async close (): Promise<void> {
    if (!this.#producer.isConnected()) return
    await new Promise<void>(resolve => this.#producer.disconnect(CONNECT_TIMEOUT_MS, () => resolve()))
  }

  /** False when the client's queue is full. */
  #produce (record: GeneratedRecord): boolean {
    if (this.#fatal !== undefined) {
      this.#settle(record.index, this.#fatal)
      return true
    }
    try {
      this.#producer.produce(this.#options.topic, null, record.value, this.#keyOf(record), null, record.index)
    } catch (error) {
      if ((error as LibrdKafkaError).code === rdkafka.CODES.ERRORS.ERR__QUEUE_FULL) return false
      this.#settle(record.index, toError(error as LibrdKafkaError))
    }
    return true
  }

  async #makeRoom (record: GeneratedRecord, produced: boolean): Promise<void> {
    for (let done = produced; !done; done = this.#produce(record)) await this.#someDelivered()
    while (this.#inFlight.size >= MAX_IN_FLIGHT) await this.#someDelivered()
  }

  #delivered (error: LibrdKafkaError | null, report: DeliveryReport): void {
    const index = report.opaque as number
    const { topic, partition, offset } = report
    this.#settle(index, error === null || error === undefined ? { topic, partition, offset } : toError(error))
  }

  #settle (index: number, result: Parameters<Acknowledge>[1]): void {
    const record = this.#inFlight.get(index)
    if (record === undefined) return
    this.#inFlight.delete(index)
    this.#acknowledge(record, result)
    const waiting = this.#waiting
    this.#waiting = []
    for (const resume of waiting) resume()
  }

  /** The client gives up for good: what is not acknowledged then may be there or not. */
  #failAll (error: Error): void {
    this.#fatal = error
    for (const index of [...this.#inFlight.keys()]) this.#settle(index, error)
  }

  #someDelivered (): Promise<void> {
    return new Promise(resolve => this.#waiting.push(resolve))
  }

  #keyOf (record: GeneratedRecord): Buffer | null {
    const key = this.#options.key === 'none' ? undefined : record[this.#options.key]
    return key === undefined ? null : Buffer.from(key)
  }
}

const MAX_IN_FLIGHT = 20_000
const POLL_MS = 5
const CONNECT_TIMEOUT_MS = 10_000

function toError ({ code, message }: LibrdKafkaError): Error {
  return new Error(`${message} (${code})`)
}
