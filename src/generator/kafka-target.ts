import rdkafka, { type DeliveryReport, type LibrdKafkaError, type Producer } from 'node-rdkafka'
import { type KafkaProducerSettings, producerConfig } from '../connectors/kafka/client-config.js'
import { AppError } from '../errors.js'
import { type Place } from './ledger.js'
import { type MadeRecord } from './record.js'
import { type Acknowledge, type Target } from './target.js'

export interface KafkaTargetOptions<R extends MadeRecord> {
  readonly kafka: KafkaProducerSettings
  readonly topic: string
  /** Default: records have no key. */
  readonly keyOf?: (record: R) => string | undefined
}

/**
 * Straight to a topic: idempotent, acknowledged by all replicas, in the order of the records within a partition. At
 * most `MAX_IN_FLIGHT` records wait for their delivery report.
 */
export class KafkaTarget<R extends MadeRecord> implements Target<R> {
  readonly #options: KafkaTargetOptions<R>
  readonly #producer: Producer
  readonly #acknowledge: Acknowledge<R>
  readonly #inFlight = new Map<number, R>()
  #waiting: Array<() => void> = []
  #fatal: Error | undefined

  private constructor (options: KafkaTargetOptions<R>, producer: Producer, acknowledge: Acknowledge<R>) {
    this.#options = options
    this.#producer = producer
    this.#acknowledge = acknowledge
    producer.on('delivery-report', (error, report) => this.#delivered(error, report))
    producer.on('event.error', error => { if (error.code === rdkafka.CODES.ERRORS.ERR__FATAL) this.#failAll(toError(error)) })
    producer.setPollInterval(POLL_MS)
  }

  /** Rejects with UNAVAILABLE when no broker answers. */
  static async connect<R extends MadeRecord> (options: KafkaTargetOptions<R>, acknowledge: Acknowledge<R>): Promise<KafkaTarget<R>> {
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

  write (record: R): Promise<void> | undefined {
    this.#inFlight.set(record.index, record)
    const produced = this.#produce(record)
    return produced && this.#inFlight.size < MAX_IN_FLIGHT ? undefined : this.#makeRoom(record, produced)
  }

  async flush (): Promise<void> {
    while (this.#inFlight.size > 0) await this.#someDelivered()
  }

  async close (): Promise<void> {
    if (!this.#producer.isConnected()) return
    // The binding's poll takes no lock: one that comes while the client is being freed ends the process by a signal.
    this.#producer.setPollInterval(0)
    await new Promise<void>(resolve => this.#producer.disconnect(CONNECT_TIMEOUT_MS, () => resolve()))
  }

  /** False when the client's queue is full. */
  #produce (record: R): boolean {
    if (this.#fatal !== undefined) {
      this.#settle(record.index, this.#fatal)
      return true
    }
    try {
      this.#producer.produce(this.#options.topic, null, record.value, this.#keyOf(record), null, record.index, record.headers === undefined ? undefined : [...record.headers])
    } catch (error) {
      if ((error as LibrdKafkaError).code === rdkafka.CODES.ERRORS.ERR__QUEUE_FULL) return false
      this.#settle(record.index, toError(error as LibrdKafkaError))
    }
    return true
  }

  async #makeRoom (record: R, produced: boolean): Promise<void> {
    for (let done = produced; !done; done = this.#produce(record)) await this.#someDelivered()
    while (this.#inFlight.size >= MAX_IN_FLIGHT) await this.#someDelivered()
  }

  #delivered (error: LibrdKafkaError | null, report: DeliveryReport): void {
    const index = report.opaque as number
    this.#settle(index, error === null || error === undefined ? toPlace(report) : toError(error))
  }

  #settle (index: number, result: Place | Error): void {
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

  #keyOf (record: R): Buffer | null {
    const key = this.#options.keyOf?.(record)
    return key === undefined ? null : Buffer.from(key)
  }
}

const MAX_IN_FLIGHT = 20_000
const POLL_MS = 5
const CONNECT_TIMEOUT_MS = 10_000

/** librdkafka says a negative offset where it was told none. */
function toPlace ({ topic, partition, offset }: DeliveryReport): Place {
  return offset < 0 ? { topic, partition } : { topic, partition, offset }
}

function toError ({ code, message }: LibrdKafkaError): Error {
  return new Error(`${message} (${code})`)
}
