import { type KafkaSettings } from '../../src/connectors/kafka/client-config.js'
import { type BaseEntry, type Place, readEntries } from '../../src/generator/ledger.js'
import { sha256 } from '../../src/proof/digest.js'
import { placeKey } from '../../src/proof/produced.js'
import { readTopic } from '../../src/proof/read-topic.js'

/** What a ledger says was produced to a topic. Where the producer was not told an offset, the topic is read to find it. */
export async function locatedEntries<E extends BaseEntry> (ledger: string, kafka: KafkaSettings, topic: string): Promise<E[]> {
  const entries = await readEntries<E>(ledger)
  if (entries.every(({ place }) => !isUnlocated(place))) return entries
  const taken = new Set(entries.flatMap(({ place }) => 'offset' in place ? [placeKey(place.partition, place.offset)] : []))
  const free = new Map<string, Place[]>()
  await readTopic(kafka, topic, ({ partition, offset, value }) => {
    if (taken.has(placeKey(partition, offset))) return
    const same = `${partition} ${sha256(value)}`
    free.set(same, [...free.get(same) ?? [], { topic, partition, offset }])
  })
  return entries.map(entry => {
    if (!isUnlocated(entry.place)) return entry
    const place = free.get(`${entry.place.partition} ${entry.sha256}`)?.shift()
    if (place === undefined) throw new Error(`record ${entry.index} was acknowledged, and partition ${entry.place.partition} of ${topic} does not hold it`)
    return { ...entry, place }
  })
}

function isUnlocated (place: Place): place is Extract<Place, { readonly topic: string }> {
  return 'topic' in place && !('offset' in place)
}
