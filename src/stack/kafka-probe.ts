import { connect } from 'node:net'

/** https://kafka.apache.org/protocol#The_Messages_FindCoordinator, version 0 */
const FIND_COORDINATOR = { apiKey: 10, apiVersion: 0 }
const CORRELATION_ID = 1
const CLIENT_ID = 'stack'
const GROUP = 'stack-warm-up'

/** Where the error code stands in the answer: after its length and the correlation id. */
const ERROR_CODE_OFFSET = 8

/**
 * Asks the broker for the coordinator of a consumer group. It has one only when it is up, has found its controller and
 * holds `__consumer_offsets`, which the question itself makes it create: the first consumer then joins without a wait.
 */
export function probeKafka (host: string, port: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, signal })
    const fail = (reason: string) => { socket.destroy(); reject(new Error(reason)) }
    let answer = Buffer.alloc(0)
    socket.once('connect', () => socket.write(findCoordinatorRequest()))
    socket.once('error', error => fail(error.message))
    socket.once('close', () => fail('the broker closed the connection'))
    socket.on('data', bytes => {
      answer = Buffer.concat([answer, bytes])
      if (answer.length < ERROR_CODE_OFFSET + 2) return
      const errorCode = answer.readInt16BE(ERROR_CODE_OFFSET)
      if (errorCode !== 0) return fail(`no group coordinator yet (Kafka error ${errorCode})`)
      socket.destroy()
      resolve()
    })
  })
}

function findCoordinatorRequest (): Buffer {
  const body = Buffer.concat([
    int16(FIND_COORDINATOR.apiKey), int16(FIND_COORDINATOR.apiVersion), int32(CORRELATION_ID), text(CLIENT_ID), text(GROUP)
  ])
  return Buffer.concat([int32(body.length), body])
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
