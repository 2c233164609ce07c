import { type KafkaProducerSettings } from '../../connectors/kafka/client-config.js'
import { KafkaTarget } from '../kafka-target.js'
import { type Place, type RoutingEntry } from '../ledger.js'
import { baseEntry, type ProduceControls, produceRecords, type ProduceSummary } from '../produce-records.js'
import { generateRoutingRecord, type RoutingGeneratorOptions, type RoutingRecord } from './routing-generator.js'

export interface ProduceRoutingOptions extends ProduceControls, RoutingGeneratorOptions {
  readonly kafka: KafkaProducerSettings
  readonly topic: string
  /** Records to make. */
  readonly count: number
}

/** Makes records for the routing pipeline and sends them. */
export async function produceRouting (options: ProduceRoutingOptions): Promise<ProduceSummary> {
  const { kafka, topic } = options
  return await produceRecords<RoutingRecord>({
    records: routingRecords(options),
    openTarget: acknowledge => KafkaTarget.connect({ kafka, topic, keyOf: record => record.key }, acknowledge),
    toEntry: toRoutingEntry,
    run: describeRun(options),
    isFollowed: false
  }, options)
}

/** What the ledger says of a record once it stands at its place. */
export function toRoutingEntry (record: RoutingRecord, place: Place): RoutingEntry {
  return { destinations: record.destinations, ...baseEntry(record, place) }
}

function * routingRecords (options: ProduceRoutingOptions): Generator<RoutingRecord> {
  for (let index = 0; index < options.count; index++) yield generateRoutingRecord(options, index)
}

function describeRun ({ seed, originServiceType, originServiceIds, destinations, fanOutShare, invalidShare, kinds, topic }: ProduceRoutingOptions): Record<string, unknown> {
  return {
    seed, originServiceType, originServiceIds, destinations, fanOutShare, invalidShare, kinds: invalidShare === 0 ? [] : kinds.map(({ name }) => name), topic
  }
}
