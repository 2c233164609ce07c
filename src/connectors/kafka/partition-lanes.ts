import { type Flight } from '../../engine/flight.js'

/**
 * Lanes by the partitions of the source. Each has its name made once: a text that is made anew for each record has to be
 * hashed anew as well, to find the lane by it.
 */
export function partitionLanes (): (flight: Pick<Flight<unknown>, 'record'>) => string {
  const byTopic = new Map<string, string[]>()
  return ({ record: { topic, partition } }) => {
    let lanes = byTopic.get(topic)
    if (lanes === undefined) {
      lanes = []
      byTopic.set(topic, lanes)
    }
    lanes[partition] ??= `${topic}:${partition}`
    return lanes[partition]
  }
}
