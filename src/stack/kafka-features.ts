import { askBroker, compactText, int16, int32, int8 } from './kafka-wire.js'

/** https://kafka.apache.org/protocol#The_Messages_UpdateFeatures */
const UPDATE_FEATURES = { apiKey: 57, apiVersion: 1, flexible: true }
const TIMEOUT_MS = 5_000
const UPGRADE = 1
const NO_TAGS = int8(0)
/** After the header's tags and the throttle time. */
const ERROR_CODE_OFFSET = 5

/**
 * Raises a feature of the cluster to a level, once for all of its brokers; a cluster that is at that level stays as it
 * is. `kafka-storage format` does this for a production cluster.
 */
export async function raiseFeature (host: string, port: number, feature: { readonly name: string, readonly level: number }, signal: AbortSignal): Promise<void> {
  const update = Buffer.concat([compactText(feature.name), int16(feature.level), int8(UPGRADE), NO_TAGS])
  const one = int8(2) // a compact array's length plus one
  const body = Buffer.concat([int32(TIMEOUT_MS), one, update, int8(0), NO_TAGS])
  const answer = await askBroker(host, port, { ...UPDATE_FEATURES, body }, signal)
  const errorCode = answer.readInt16BE(ERROR_CODE_OFFSET)
  if (errorCode !== 0) throw new Error(`${feature.name} can not be raised to ${feature.level} yet (Kafka error ${errorCode})`)
}
