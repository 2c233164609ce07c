import { askBroker, text } from './kafka-wire.js'

/** https://kafka.apache.org/protocol#The_Messages_FindCoordinator */
const FIND_COORDINATOR = { apiKey: 10, apiVersion: 0, flexible: false }
const GROUP = 'stack-warm-up'

/**
 * Asks the broker for the coordinator of a consumer group. It has one only when it is up, has found its controller and
 * holds `__consumer_offsets`, which the question itself makes it create: the first consumer then joins without a wait.
 */
export async function probeKafka (host: string, port: number, signal: AbortSignal): Promise<void> {
  const answer = await askBroker(host, port, { ...FIND_COORDINATOR, body: text(GROUP) }, signal)
  const errorCode = answer.readInt16BE(0)
  if (errorCode !== 0) throw new Error(`no group coordinator yet (Kafka error ${errorCode})`)
}
