import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { type Answer, EMPTY, ok, refusal } from './answer.js'
import { batchWriteItem, countBatchWrite, describeTable, putItem } from './dynamodb.js'
import { type CallFaults, type Fault, Faults } from './faults.js'
import { Recorder, type RecordingMode } from './recorder.js'
import { getQueueAttributes, getQueueUrl, queueName, sendMessageBatch } from './sqs.js'

export interface RecordingEndpointOptions {
  readonly mode?: RecordingMode
  /** 0: any free one. */
  readonly port?: number
}

/** What `POST /__control` takes. */
export interface Control {
  /** Replaces the faults in force; `[]` ends them. */
  readonly faults?: readonly Fault[]
  /** Queues that do not exist, by name. Every other queue does. */
  readonly missingQueues?: readonly string[]
  /** Forgets everything recorded, and goes on in this mode. */
  readonly restart?: RecordingMode
}

export interface RecordingEndpoint {
  readonly url: string
  readonly recorder: Recorder
  control (control: Control): void
  close (): Promise<void>
}

/**
 * DynamoDB and SQS as far as the service uses them, with a memory: counts or remembers what it accepts, and does wrong
 * what it is told to. Listens on loopback. `GET /__report` tells what it has seen (`?full` everything), `POST
 * /__control` changes what it does.
 */
export async function startRecordingEndpoint (options: RecordingEndpointOptions = {}): Promise<RecordingEndpoint> {
  const endpoint = new Endpoint(options.mode ?? 'full')
  const server = createServer((request, response) => { endpoint.handle(request, response) })
  // Longer than any client keeps an idle connection: no call meets a closing one.
  server.keepAliveTimeout = 10 * 60 * 1000
  server.listen(options.port ?? 0, '127.0.0.1')
  await once(server, 'listening')
  endpoint.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    url: endpoint.origin,
    get recorder () { return endpoint.recorder },
    control: control => { endpoint.control(control) },
    async close () {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    }
  }
}

class Endpoint {
  origin = ''
  recorder: Recorder
  readonly #faults = new Faults()
  #missingQueues = new Set<string>()

  constructor (mode: RecordingMode) {
    this.recorder = new Recorder(mode)
  }

  control (control: Control): void {
    if (control.faults !== undefined) this.#faults.arm(control.faults)
    if (control.missingQueues !== undefined) this.#missingQueues = new Set(control.missingQueues)
    if (control.restart !== undefined) this.recorder = new Recorder(control.restart)
  }

  handle (request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => { chunks.push(chunk) })
    request.on('end', () => {
      const body = chunks.length === 1 ? chunks[0] as Buffer : Buffer.concat(chunks)
      const target = request.headers['x-amz-target']
      const answer = typeof target === 'string'
        ? this.#call(target.slice(target.indexOf('.') + 1), body)
        : this.#talk(request.url ?? '/', body)
      if (answer instanceof Promise) answer.then(late => { send(response, late) }, () => { response.destroy() })
      else send(response, answer)
    })
  }

  #talk (path: string, body: Buffer): Answer {
    if (path.startsWith('/__report')) return ok(this.recorder.report(path.endsWith('?full')))
    if (path !== '/__control') return { status: 404, body: '{}' }
    this.control(JSON.parse(body.toString()) as Control)
    return EMPTY
  }

  #call (operation: string, body: Buffer): Answer | Promise<Answer | undefined> {
    this.recorder.called(operation)
    if (operation === 'BatchWriteItem' && this.#faults.none && this.recorder.mode === 'count') return countBatchWrite(this.recorder, body)
    const input = JSON.parse(body.toString()) as Input
    const queue = input.QueueUrl === undefined ? input.QueueName : queueName(input.QueueUrl)
    if (queue !== undefined && this.#missingQueues.has(queue)) return refusal('QueueDoesNotExist', 'The specified queue does not exist.')
    const faults = this.#faults.of(operation, queue)
    const wrong = faults.delayMs > 0 || faults.hang || faults.refusal !== undefined || faults.reset !== undefined
    if (wrong) return this.#callWrongly(operation, input, faults)
    return operation === 'ReceiveMessage' ? receiveNothing(input) : this.#perform(operation, input, faults)
  }

  /** Resolves with `undefined` for an answer that is lost. */
  async #callWrongly (operation: string, input: Input, faults: CallFaults): Promise<Answer | undefined> {
    if (faults.delayMs > 0) await wait(faults.delayMs)
    if (faults.hang) return await new Promise(() => {})
    if (faults.reset === 'before') return undefined
    if (faults.refusal !== undefined) {
      const { error = 'InternalServerError', status } = faults.refusal
      return refusal(error, 'refused on purpose', status)
    }
    const answer = this.#perform(operation, input, faults)
    return faults.reset === 'after' ? undefined : answer
  }

  #perform (operation: string, input: Input, faults: CallFaults): Answer {
    switch (operation) {
      case 'BatchWriteItem': return batchWriteItem(this.recorder, input, faults)
      case 'PutItem': return putItem(this.recorder, input)
      case 'DescribeTable': return describeTable(input)
      case 'SendMessageBatch': return sendMessageBatch(this.recorder, input, faults)
      case 'GetQueueUrl': return getQueueUrl(this.origin, input)
      case 'GetQueueAttributes': return getQueueAttributes()
      default: return refusal('UnknownOperationException')
    }
  }
}

/** The input of any of the calls: the SDK's own shapes, which each handler reads its part of. */
type Input = Parameters<typeof batchWriteItem>[1] & Parameters<typeof putItem>[1] & Parameters<typeof describeTable>[0] &
  Parameters<typeof sendMessageBatch>[1] & Parameters<typeof getQueueUrl>[1] &
  { readonly QueueUrl?: string, readonly QueueName?: string, readonly WaitTimeSeconds?: number }

async function receiveNothing (input: Input): Promise<Answer> {
  await wait((input.WaitTimeSeconds ?? 0) * 1000, undefined, { ref: false })
  return EMPTY
}

function send (response: ServerResponse, answer: Answer | undefined): void {
  if (answer === undefined) {
    response.destroy()
    return
  }
  response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.0', 'content-length': Buffer.byteLength(answer.body) })
  response.end(answer.body)
}
