import { connect } from 'node:net'
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
  // After size and correlation id: the error code, and the node.
  const code = answer.readInt16BE(8)
  if (code !== 0) throw new Error(`the coordinator of ${group} is not known: Kafka error ${code}`)
  return answer.readInt32BE(10)
}

async function request (port: number, { apiKey, version }: { readonly apiKey: number, readonly version: number }, body: readonly Buffer[]): Promise<Buffer> {
  const frame = Buffer.concat([int16(apiKey), int16(version), int32(1), text('faults'), ...body])
  return await new Promise((resolve, reject) => {
    const socket = connect({ host: LOOPBACK, port }, () => { socket.write(Buffer.concat([int32(frame.length), frame])) })
    let answer = Buffer.alloc(0)
    socket.setTimeout(TIMEOUT_MS, () => { socket.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)) })
    socket.once('error', reject)
    socket.once('close', () => { reject(new Error('the broker closed the connection')) })
    socket.on('data', bytes => {
      answer = Buffer.concat([answer, bytes])
      if (answer.length < 4 || answer.length < 4 + answer.readInt32BE(0)) return
      resolve(answer)
      socket.destroy()
    })
  })
}

function text (value: string): Buffer {
  return Buffer.concat([int16(Buffer.byteLength(value)), Buffer.from(value)])
}

function int16 (value: number): Buffer {
  const bytes = Buffer.alloc(2)
  bytes.writeInt16BE(value)
  return bytes
}

function int32 (value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function int64 (value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64BE(BigInt(value))
  return bytes
}
