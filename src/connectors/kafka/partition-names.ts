import { type SourceRecord } from '../../engine/record.js'

/**
 * `topic:partition` of a record, each made once: making the text for each record costs, and so does hashing it anew where
 * something is looked up by it.
 */
export function partitionNames (): (record: Pick<SourceRecord, 'topic' | 'partition'>) => string {
  const byTopic = new Map<string, string[]>()
  return ({ topic, partition }) => {
    let names = byTopic.get(topic)
    if (names === undefined) {
      names = []
      byTopic.set(topic, names)
    }
    names[partition] ??= `${topic}:${partition}`
    return names[partition]
  }
}
