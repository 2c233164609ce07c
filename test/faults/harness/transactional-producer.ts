import rdkafka, { type DeliveryReport, type LibrdKafkaError, type Producer } from 'node-rdkafka'
import { type KafkaProducerSettings, producerConfig } from '../../../src/connectors/kafka/client-config.js'
import { type BaseEntry, type Place } from '../../../src/generator/ledger.js'
import { type MadeRecord } from '../../../src/generator/record.js'
import { type TestScope } from '../../helpers/stack.js'

const TIMEOUT_MS = 30_000
const POLL_MS = 5

export interface TransactionalTarget<R extends MadeRecord, E extends BaseEntry> {
  readonly kafka: KafkaProducerSettings
  readonly topic: string
  keyOf (record: R): string | undefined
  toEntry (record: R, place: Place): E
}

/** Writes to a topic in transactions, each of which takes an offset more for its marker. */
export class TransactionalProducer<R extends MadeRecord, E extends BaseEntry> {
  readonly #producer: Producer
  readonly #target: TransactionalTarget<R, E>

  private constructor (producer: Producer, target: TransactionalTarget<R, E>) {
    this.#producer = producer
    this.#target = target
  }

  static async connect<R extends MadeRecord, E extends BaseEntry> (t: TestScope, target: TransactionalTarget<R, E>): Promise<TransactionalProducer<R, E>> {
    const { kafka, topic } = target
    const { global, topic: topicConfig } = producerConfig(kafka)
    const producer = new rdkafka.Producer({ ...global, 'transactional.id': `${topic}-writer` }, { ...topicConfig, 'message.timeout.ms': TIMEOUT_MS })
    await ask(done => { producer.connect({ timeout: TIMEOUT_MS }, done) })
    t.teardown(() => new Promise(resolve => {
      producer.setPollInterval(0) // as in KafkaTarget
      producer.disconnect(() => { resolve() })
    }))
    producer.setPollInterval(POLL_MS)
    await ask(done => { producer.initTransactions(TIMEOUT_MS, done) })
    return new TransactionalProducer(producer, target)
  }

  /** All of them in one transaction; resolves when it has ended. Their entries, at the places they took, aborted or not. */
  async send (partition: number, records: readonly R[], end: 'commit' | 'abort'): Promise<E[]> {
    const { topic, keyOf } = this.#target
    await ask(done => { this.#producer.beginTransaction(done) })
    const delivered = this.#delivered(records)
    for (const record of records) this.#producer.produce(topic, partition, record.value, keyOf(record) ?? null, null, record.index, record.headers === undefined ? undefined : [...record.headers])
    const entries = await delivered
    await ask(done => {
      if (end === 'commit') this.#producer.commitTransaction(TIMEOUT_MS, done)
      else this.#producer.abortTransaction(TIMEOUT_MS, done)
    })
    return entries
  }

  async #delivered (records: readonly R[]): Promise<E[]> {
    const waiting = new Map(records.map(record => [record.index, record]))
    const entries: E[] = []
    return await new Promise((resolve, reject) => {
      const hear = (error: LibrdKafkaError | null, { opaque, topic, partition, offset }: DeliveryReport): void => {
        const record = waiting.get(opaque as number)
        if (error !== null && error !== undefined) reject(new Error(error.message))
        if (record === undefined) return
        waiting.delete(record.index)
        entries.push(this.#target.toEntry(record, { topic, partition, offset }))
        if (waiting.size > 0) return
        this.#producer.off('delivery-report', hear)
        resolve(entries)
      }
      this.#producer.on('delivery-report', hear)
    })
  }
}

async function ask (call: (done: (error?: LibrdKafkaError | null) => void) => void): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    call(error => {
      if (error === null || error === undefined) resolve()
      else reject(new Error(error.message))
    })
  })
}
