import { askBroker, int32, int64, text } from '../../../src/stack/kafka-wire.js'
import { LOOPBACK } from '../../../src/stack/ports.js'

/** https://kafka.apache.org/protocol#The_Messages_DeleteRecords, version 1 */
const DELETE_RECORDS = { apiKey: 21, version: 1 }
/** https://kafka.apache.org/protocol#The_Messages_FindCoordinator, version 0 */
const FIND_COORDINATOR = { apiKey: 10, version: 0 }
const TIMEOUT_MS = 10_000

/** Moves the beginning of a partition up, as retention does: what lies before `offset` is gone. */
export async function deleteRecords (port: number, topic: string, partition: number, offset: number): Promise<void> {
  const answer = await request(port, DELETE_RECORDS, [
    int32(1), text(topic), int32(1), int32(partition), int64(offset), int32(TIMEOUT_MS)
  ])
  // The answer ends with the one partition's error code.
  const code = answer.readInt16BE(answer.length - 2)
  if (code !== 0) throw new Error(`records of ${topic}-${partition} could not be deleted: Kafka error ${code}`)
}

/** The node that coordinates this group. */
export async function findCoordinator (port: number, group: string): Promise<number> {
  const answer = await request(port, FIND_COORDINATOR, [text(group)])
  // The error code, and the node.
  const code = answer.readInt16BE(0)
  if (code !== 0) throw new Error(`the coordinator of ${group} is not known: Kafka error ${code}`)
  return answer.readInt32BE(2)
}

async function request (port: number, { apiKey, version }: { readonly apiKey: number, readonly version: number }, body: readonly Buffer[]): Promise<Buffer> {
  const question = { apiKey, apiVersion: version, flexible: false, body: Buffer.concat(body) }
  return await askBroker(LOOPBACK, port, question, AbortSignal.timeout(TIMEOUT_MS))
}
