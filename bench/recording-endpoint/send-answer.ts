import { type ServerResponse } from 'node:http'
import { setTimeout as wait } from 'node:timers/promises'
import { type Answer } from './answer.js'
import { type CallFaults } from './faults.js'

/** Sends an answer as it should be. */
export function sendAnswer (response: ServerResponse, answer: Answer): void {
  writeHead(response, answer)
  response.end(answer.body)
}

/** The connection is broken off; what the other side has not read yet is lost to it. */
export function resetConnection (response: ServerResponse): void {
  response.socket?.resetAndDestroy()
}

/** The head promises the whole body, and half of it comes. */
export function sendTruncated (response: ServerResponse, answer: Answer): void {
  writeHead(response, answer)
  const bytes = Buffer.from(answer.body)
  response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => { response.socket?.destroySoon() })
}

/** Until all is sent or the other side has gone. */
export async function sendSlowly (response: ServerResponse, answer: Answer, { bytes: part, everyMs }: NonNullable<CallFaults['slowBody']>): Promise<void> {
  writeHead(response, answer)
  response.flushHeaders()
  const bytes = Buffer.from(answer.body)
  for (let at = 0; at < bytes.length && !response.destroyed; at += part) {
    await wait(everyMs)
    response.write(bytes.subarray(at, at + part))
  }
  response.end()
}

function writeHead (response: ServerResponse, { status, body, headers }: Answer): void {
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0', 'content-length': Buffer.byteLength(body), ...headers })
}
