import rdkafka, { type DeliveryReport, type LibrdKafkaError, type Producer } from 'node-rdkafka'
import { type KafkaProducerSettings, producerConfig } from '../../../src/connectors/kafka/client-config.js'
import { type GeneratedRecord } from '../../../src/generator/event-generator.js'
import { type LedgerEntry } from '../../../src/generator/ledger.js'
import { toEntry } from '../../../src/generator/produce-events.js'
import { type TestScope } from '../../helpers/stack.js'

const TIMEOUT_MS = 30_000
const POLL_MS = 5

/** Writes to a topic in transactions, each of which takes an offset more for its marker. */
export class TransactionalProducer {
  readonly #producer: Producer
  readonly #topic: string

  private constructor (producer: Producer, topic: string) {
    this.#producer = producer
    this.#topic = topic
  }

  static async connect (t: TestScope, kafka: KafkaProducerSettings, topic: string): Promise<TransactionalProducer> {
    const { global, topic: topicConfig } = producerConfig(kafka)
    const producer = new rdkafka.Producer({ ...global, 'transactional.id': `${topic}-writer` }, { ...topicConfig, 'message.timeout.ms': TIMEOUT_MS })
    await ask(done => { producer.connect({ timeout: TIMEOUT_MS }, done) })
    t.teardown(() => new Promise(resolve => { producer.disconnect(() => { resolve() }) }))
    producer.setPollInterval(POLL_MS)
    await ask(done => { producer.initTransactions(TIMEOUT_MS, done) })
    return new TransactionalProducer(producer, topic)
  }

  /** All of them in one transaction; resolves when it has ended. Their entries, at the places they took, aborted or not. */
  async send (partition: number, records: readonly GeneratedRecord[], end: 'commit' | 'abort'): Promise<LedgerEntry[]> {
    await ask(done => { this.#producer.beginTransaction(done) })
    const delivered = this.#delivered(records)
    for (const { value, index } of records) this.#producer.produce(this.#topic, partition, value, null, null, index)
    const entries = await delivered
    await ask(done => {
      if (end === 'commit') this.#producer.commitTransaction(TIMEOUT_MS, done)
      else this.#producer.abortTransaction(TIMEOUT_MS, done)
    })
    return entries
  }

  async #delivered (records: readonly GeneratedRecord[]): Promise<LedgerEntry[]> {
    const waiting = new Map(records.map(record => [record.index, record]))
    const entries: LedgerEntry[] = []
    return await new Promise((resolve, reject) => {
      const hear = (error: LibrdKafkaError | null, { opaque, topic, partition, offset }: DeliveryReport): void => {
        const record = waiting.get(opaque as number)
        if (error !== null && error !== undefined) reject(new Error(error.message))
        if (record === undefined) return
        waiting.delete(record.index)
        entries.push(toEntry(record, { topic, partition, offset }))
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
