/** `node source.js <brokers> <topic> <events>`: reads a topic with the service's own source, and settles every record at once. */
import { consumerConfig } from '../../src/connectors/kafka/client-config.js'
import { type KafkaLog } from '../../src/connectors/kafka/kafka-log.js'
import { KafkaSource } from '../../src/connectors/kafka/kafka-source.js'
import { systemClock } from '../../src/engine/clock.js'
import { type CommittableOffset, type Intake } from '../../src/engine/intake.js'
import { type SourceRecord } from '../../src/engine/record.js'
import { loadConfig } from '../../src/service/config/load-config.js'
import { Metrics } from '../../src/service/metrics/metrics.js'
import { Meter } from './meter.js'

/** An engine that is never full and always done. */
class SettlingIntake implements Intake {
  available = Infinity
  relaxed = true
  awake = true
  settledTotal = 0
  onAvailable: (() => void) | undefined
  readonly #receive: (records: number) => void
  #settled = new Map<number, CommittableOffset>()

  constructor (receive: (records: number) => void) {
    this.#receive = receive
  }

  receive (records: readonly SourceRecord[]): void {
    for (const { topic, partition, offset } of records) this.#settled.set(partition, { topic, partition, offset: offset + 1 })
    this.settledTotal += records.length
    this.#receive(records.length)
  }

  committable (): CommittableOffset[] {
    const settled = [...this.#settled.values()]
    this.#settled = new Map()
    return settled
  }

  open (): void {}
  reachedEnd (): void {}
  polled (): void {}
  blocked (): [] { return [] }
  async drain (): Promise<boolean> { return true }
  committed (): void {}
  close (): void {}
}

const [brokers = '', topic = '', wanted = '0'] = process.argv.slice(2)
const { config } = loadConfig({ ...process.env, KAFKA_BROKERS: brokers, KAFKA_GROUP_ID: `bench-source-${process.pid}`, EVENTS_TOPIC: topic }, 'events')
const properties = consumerConfig(config.kafka)
const meter = new Meter(Number(wanted))
const intake = new SettlingIntake(records => { if (meter.count(records)) void source.stop(1_000).then(() => { process.exit(0) }) })
const source = new KafkaSource(intake, {
  topics: [topic],
  properties: properties.global,
  topicProperties: properties.topic,
  cooperative: true,
  ...config.flow,
  sessionTimeoutMs: config.kafka.sessionTimeoutMs,
  clock: systemClock,
  observer: new Metrics(),
  // Every method of it returns nothing, which is what the answer to any name does.
  log: new Proxy({}, { get: () => () => {} }) as KafkaLog
})
await source.start(new AbortController().signal, error => { throw error })
