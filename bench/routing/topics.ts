import { KafkaAdmin } from '../../src/connectors/kafka/admin.js'
import { type RoutingGeneratorOptions, type RoutingRecord, generateRoutingRecord } from '../../src/generator/routing/routing-generator.js'
import { ROUTING_SCHEMAS } from '../../src/pipelines/routing/routing-schemas.js'
import { type RoutingSchemaIds } from '../../src/generator/routing/routing-value.js'
import { KafkaTarget } from '../../src/generator/kafka-target.js'
import { RegistryClient } from '../../src/connectors/schema-registry/registry-client.js'
import { setTimeout as wait } from 'node:timers/promises'
import { Pace } from '../../src/generator/pace.js'
import { systemClock } from '../../src/engine/clock.js'
import { kafkaAt } from '../events/produce.js'

/** The document's destinations, each with a topic. */
export const OUTPUT_TOPICS = ['processor.to.finance', 'processor.to.marketing', 'processor.to.logistics'] as const
const DESTINATIONS = ['FINANCE', 'marketing', 'Logistics']
/** Enough keys that the partitions have the same share of the records. */
const ORIGINS = 300
const BATCH_BYTES = 16_384
const LOOK_MS = 20
const STALL_MS = 60_000
const TIMEOUT_MS = 10_000

/** Registers what the records are written with. */
export async function registerSchemas (url: string): Promise<RoutingSchemaIds> {
  const registry = new RegistryClient({ url, timeoutMs: TIMEOUT_MS })
  try {
    return {
      input: await registry.register('producer.to.processor-value', ROUTING_SCHEMAS.input),
      fanOutInput: await registry.register('producer.to.processor-value', ROUTING_SCHEMAS.fanOutInput),
      output: await registry.register('processor.to.consumer-value', ROUTING_SCHEMAS.output)
    }
  } finally {
    await registry.close()
  }
}

export interface Filling {
  readonly brokers: string
  readonly topic: string
  readonly records: number
  readonly schemas: RoutingSchemaIds
  /** As fast as they are taken when absent. */
  readonly perSecond?: number
}

/** Produces valid records with one destination each. */
export async function fillTopic ({ brokers, topic, records, schemas, perSecond }: Filling): Promise<void> {
  const options: RoutingGeneratorOptions = {
    seed: 1,
    originServiceType: 'financial',
    originServiceIds: Array.from({ length: ORIGINS }, (_, index) => String(index)),
    destinations: DESTINATIONS,
    fanOutShare: 0,
    invalidShare: 0,
    kinds: [],
    schemas,
    now: Date.now
  }
  const failures: Error[] = []
  const kafka = kafkaAt(brokers, { 'batch.size': String(BATCH_BYTES), ...perSecond === undefined ? {} : { 'linger.ms': '0' } })
  const target = await KafkaTarget.connect<RoutingRecord>({ kafka, topic, keyOf: record => record.key }, (_record, result) => {
    if (result instanceof Error) failures.push(result)
  })
  const pace = perSecond === undefined ? undefined : new Pace(systemClock, perSecond)
  for (let index = 0; index < records && failures.length === 0; index++) {
    await target.write(generateRoutingRecord(options, index))
    const pauseMs = pace?.next() ?? 0
    if (pauseMs >= 1) await wait(pauseMs)
  }
  await target.flush()
  await target.close()
  if (failures.length > 0) throw new AggregateError(failures, `${failures.length} records were not taken`)
}

/** Counts what is written to topics, by the ends of their partitions. */
export class Arrivals {
  readonly #admin: KafkaAdmin
  readonly #topics: readonly string[]
  readonly #partitions: number

  private constructor (admin: KafkaAdmin, topics: readonly string[], partitions: number) {
    this.#admin = admin
    this.#topics = topics
    this.#partitions = partitions
  }

  static async at (brokers: string, topics: readonly string[], partitions: number): Promise<Arrivals> {
    return new Arrivals(await KafkaAdmin.connect(kafkaAt(brokers), TIMEOUT_MS), topics, partitions)
  }

  /** All records that were ever written to them. */
  async count (): Promise<number> {
    const ends = this.#topics.flatMap(topic => Array.from({ length: this.#partitions }, async (_, partition) => (await this.#admin.watermarks(topic, partition)).high))
    return (await Promise.all(ends)).reduce((sum, end) => sum + end, 0)
  }

  /** Resolves with count and time once there are so many. Rejects when no more come for a minute. */
  async reach (records: number): Promise<{ readonly records: number, readonly at: number }> {
    let last = { records: -1, at: performance.now() }
    for (;;) {
      const reached = { records: await this.count(), at: performance.now() }
      if (reached.records >= records) return reached
      if (reached.records > last.records) last = reached
      else if (reached.at - last.at > STALL_MS) throw new Error(`after ${reached.records} of ${records} records no more came`)
      await wait(LOOK_MS)
    }
  }

  async close (): Promise<void> {
    await this.#admin.close()
  }
}
