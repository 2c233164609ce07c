/**
 * Measures what carries calls to the endpoint that `AWS_ENDPOINT_URL` names: `node carriers.js <runs> <calls in flight>`.
 * Prints the figures of each carrier as JSON.
 */
import { Agent as HttpAgent, request as httpRequest } from 'node:http'
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https'
import { buffer } from 'node:stream/consumers'
import { Pool } from 'undici'
import { createDynamoDBClient, createSqsClient } from '../../src/connectors/aws/clients.js'
import { Exchange, type HttpAnswer } from '../../src/connectors/aws/transport/exchange.js'
import { encodeRow } from '../../src/connectors/dynamodb/row.js'
import { SdkBatchWriter } from '../../src/connectors/dynamodb/sdk-batch-writer.js'
import { batchWriteBody, SignedBatchWriter } from '../../src/connectors/dynamodb/signed-batch-writer.js'
import { encodeEntry } from '../../src/connectors/sqs/entry.js'
import { SdkBatchSender } from '../../src/connectors/sqs/sdk-batch-sender.js'
import { batchSendBody, SignedBatchSender } from '../../src/connectors/sqs/signed-batch-sender.js'
import { measureSteps, type Step } from '../measure-steps.js'

const CALLS = 3_000
const DEADLINES = { requestTimeoutMs: 5_000, callTimeoutMs: 9_000 }
const QUEUE_URL = 'https://sqs.eu-west-1.amazonaws.com/123456789012/Client_B.fifo'

const [runs = 3, inFlight = 16] = process.argv.slice(2).map(Number)
const endpoint = process.env.AWS_ENDPOINT_URL ?? ''
const timeouts = { connectTimeoutMs: 2_000, requestTimeoutMs: DEADLINES.requestTimeoutMs }
const limits = { ...timeouts, callTimeoutMs: DEADLINES.callTimeoutMs, connections: inFlight }
const dynamodb = createDynamoDBClient({ ...timeouts, maxSockets: inFlight })
const sqs = createSqsClient({ ...timeouts, maxSockets: inFlight })
const writers = { signed: new SignedBatchWriter(dynamodb, limits), SDK: new SdkBatchWriter(dynamodb, DEADLINES.callTimeoutMs) }
const senders = { signed: new SignedBatchSender(sqs, limits), SDK: new SdkBatchSender(sqs, DEADLINES.callTimeoutMs) }
const pool = new Pool(endpoint, { connections: inFlight, headersTimeout: 0, bodyTimeout: 0 })
const secure = endpoint.startsWith('https:')
const agent = secure ? new HttpsAgent({ keepAlive: true, maxSockets: inFlight }) : new HttpAgent({ keepAlive: true, maxSockets: inFlight })

const { signal } = new AbortController()
const rows = Array.from({ length: 25 }, (_, index) => encodeRow(uidOf(index), {
  UUID: { S: uidOf(index) },
  Context: { S: 'autorizador de transações' },
  EventType: { S: 'DELETE' },
  Client: { S: 'Client_B' },
  CreatedAt: { S: '2024-09-10T04:17:09.0247241-03:00' },
  SourcePartition: { N: '3' },
  SourceOffset: { N: String(1_000_000 + index) }
}))
const entries = Array.from({ length: 10 }, (_, index) => encodeEntry({
  body: JSON.stringify({ uid: uidOf(index), context: 'autorizador de transações', event_type: 'DELETE', client: 'Client_B', created_at: '2024-09-10T04:17:09.0247241-03:00' }),
  groupId: 'Client_B:3',
  deduplicationId: 'a'.repeat(64)
}))
const writeBody = batchWriteBody('pismo', rows)
const sendBody = batchSendBody(QUEUE_URL, entries)

const steps: Record<string, Step> = {
  'do nothing': inTurns(async () => await Promise.resolve()),
  'write: body alone': inTurns(async () => await Promise.resolve(batchWriteBody('pismo', rows))),
  'write: signed': inTurns(() => writers.signed.write('pismo', rows, signal)),
  'write: SDK': inTurns(() => writers.SDK.write('pismo', rows, signal)),
  'write: undici alone': inTurns(() => postByUndici('DynamoDB_20120810.BatchWriteItem', writeBody)),
  'write: node:http alone': inTurns(() => postByNode('DynamoDB_20120810.BatchWriteItem', writeBody)),
  'send: body alone': inTurns(async () => await Promise.resolve(batchSendBody(QUEUE_URL, entries))),
  'send: signed': inTurns(() => senders.signed.send(QUEUE_URL, entries, signal)),
  'send: SDK': inTurns(() => senders.SDK.send(QUEUE_URL, entries, signal)),
  'send: undici alone': inTurns(() => postByUndici('AmazonSQS.SendMessageBatch', sendBody)),
  'send: node:http alone': inTurns(() => postByNode('AmazonSQS.SendMessageBatch', sendBody))
}

process.stdout.write(JSON.stringify(await measureSteps(steps, { runs, progress: line => { process.stderr.write(`${line}\n`) } })))
process.exit()

function uidOf (index: number): string {
  return `a0237613-828d-4bce-8a7e-${index.toString(16).padStart(12, '0')}`
}

/** So many calls, so many at a time. */
function inTurns (call: () => Promise<unknown>): Step {
  return async () => {
    let left = CALLS
    await Promise.all(Array.from({ length: inFlight }, async () => {
      while (left-- > 0) await call()
    }))
    return CALLS
  }
}

function headersOf (target: string): Record<string, string> {
  return { 'content-type': 'application/x-amz-json-1.0', 'x-amz-target': target }
}

async function postByUndici (target: string, body: Buffer): Promise<HttpAnswer> {
  return await new Promise((resolve, reject) => {
    pool.dispatch({ path: '/', method: 'POST', headers: headersOf(target), body }, new Exchange(DEADLINES, signal, resolve, reject))
  })
}

async function postByNode (target: string, body: Buffer): Promise<Buffer> {
  return await new Promise((resolve, reject) => {
    const headers = { ...headersOf(target), 'content-length': body.length }
    const request = (secure ? httpsRequest : httpRequest)(endpoint, { method: 'POST', headers, agent }, response => { buffer(response).then(resolve, reject) })
    request.on('error', reject)
    request.end(body)
  })
}
