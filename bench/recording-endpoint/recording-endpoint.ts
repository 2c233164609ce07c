import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { Absence } from './absence.js'
import { type Answer, EMPTY, ok, refusal } from './answer.js'
import { countBatchWrite, MAX_REQUEST_BYTES } from './dynamodb.js'
import { EndpointClock } from './endpoint-clock.js'
import { type Fault, type FaultHits, Faults } from './faults.js'
import { type Call, countAttempt, type Input, perform, queueOf, tablesOf, uidsOf } from './operations.js'
import { Recorder } from './recorder.js'
import { type RecordingMode } from './report.js'
import { resetConnection, sendAnswer, sendSlowly, sendTruncated } from './send-answer.js'
import { refuseDate } from './signature-date.js'

export interface RecordingEndpointOptions {
  readonly mode?: RecordingMode
  /** 0: any free one. */
  readonly port?: number
}

/** What `POST /__control` takes. What it names takes effect in the order of the fields here. */
export interface Control {
  /** Forgets everything recorded, and goes on in this mode. */
  readonly restart?: RecordingMode
  /** Of the dice of the faults that are armed from now on; 1 when never set. */
  readonly seed?: number
  /** Replaces the faults in force; `[]` ends them. */
  readonly faults?: readonly Fault[]
  /** Queues that do not exist, by name. Every other queue does. */
  readonly missingQueues?: readonly string[]
  /** Tables that do not exist, by name. Every other table does. */
  readonly missingTables?: readonly string[]
  /** Puts the clock of deduplication and visibility forward. */
  readonly advanceMs?: number
}

export interface RecordingEndpoint {
  readonly url: string
  readonly recorder: Recorder
  control (control: Control): void
  /** Of everything that was ever done wrong on purpose, in the order it was armed, since the last restart. */
  hits (): FaultHits[]
  close (): Promise<void>
}

/**
 * DynamoDB and SQS as far as the service uses them, with a memory: counts or remembers what it accepts, and does wrong
 * what it is told to. In full mode it refuses what was signed at another time than now. Listens on loopback. `GET /__report` tells what it has seen (`?full` everything), `POST
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
    hits: () => endpoint.hits(),
    async close () {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    }
  }
}

interface CallHeaders {
  readonly sdkRequest: string | string[] | undefined
  readonly date: string | string[] | undefined
}

class Endpoint {
  origin = ''
  recorder: Recorder
  readonly #clock = new EndpointClock()
  #faults = new Faults()
  #absence = new Absence()

  constructor (mode: RecordingMode) {
    this.recorder = this.#createRecorder(mode)
  }

  control ({ restart, seed, faults, missingQueues, missingTables, advanceMs }: Control): void {
    if (restart !== undefined) {
      this.recorder = this.#createRecorder(restart)
      this.#faults.forgetHits()
      this.#absence.forgetHits()
    }
    if (seed !== undefined) this.#faults.seed(seed)
    if (faults !== undefined) this.#faults.arm(faults)
    if (missingQueues !== undefined) this.#absence.set('queue', missingQueues)
    if (missingTables !== undefined) this.#absence.set('table', missingTables)
    if (advanceMs !== undefined) this.#clock.advance(advanceMs)
    this.recorder.wake()
  }

  hits (): FaultHits[] {
    return [...this.#faults.hits(), ...this.#absence.hits()]
  }

  handle (request: IncomingMessage, response: ServerResponse): void {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => { chunks.push(chunk) })
    request.on('end', () => {
      const body = chunks.length === 1 ? chunks[0] as Buffer : Buffer.concat(chunks)
      const { 'x-amz-target': target, 'amz-sdk-request': sdkRequest, 'x-amz-date': date } = request.headers
      if (typeof target === 'string') this.#call(target.slice(target.indexOf('.') + 1), { sdkRequest, date }, body, response)
      else sendAnswer(response, this.#talk(request.url ?? '/', body))
    })
  }

  #talk (path: string, body: Buffer): Answer {
    if (path.startsWith('/__report')) return ok(this.recorder.report(path.endsWith('?full')))
    if (path !== '/__control') return { status: 404, body: '{}' }
    this.control(JSON.parse(body.toString()) as Control)
    return EMPTY
  }

  #call (operation: string, { sdkRequest, date }: CallHeaders, body: Buffer, response: ServerResponse): void {
    const { recorder } = this
    recorder.called(operation, sdkRequest)
    const misdated = recorder.mode === 'full' ? refuseDate(date, Date.now()) : undefined
    if (misdated !== undefined) {
      recorder.misdated()
      sendAnswer(response, misdated)
      return
    }
    if (operation === 'BatchWriteItem' && recorder.mode === 'count' && this.#faults.none && this.#absence.none) {
      sendAnswer(response, countBatchWrite(recorder, body))
      return
    }
    if (body.length > MAX_REQUEST_BYTES) {
      sendAnswer(response, refusal('RequestEntityTooLarge', 'The request is too large', 413))
      return
    }
    const input = JSON.parse(body.toString()) as Input
    const entries = countAttempt(recorder, operation, input)
    const queue = queueOf(input)
    const absent = this.#absence.meets(queue, tablesOf(input))
    if (absent !== undefined) {
      sendAnswer(response, absent)
      return
    }
    const faults = this.#faults.of(operation, queue, entries)
    const call = { operation, input, recorder, faults, origin: this.origin, signal: goneSignal(operation, response) }
    const answer = faults.wholeCall ? misbehave(call, response) : perform(call)
    if (answer instanceof Promise) answer.then(late => { if (late !== undefined) sendAnswer(response, late) }, () => { response.destroy() })
    else sendAnswer(response, answer)
  }

  #createRecorder (mode: RecordingMode): Recorder {
    return new Recorder(mode, this.#clock, () => this.hits())
  }
}

/** Resolves with the answer that is still to be sent, if any. */
async function misbehave (call: Call, response: ServerResponse): Promise<Answer | undefined> {
  const { faults, operation, input } = call
  if (faults.delayMs > 0) await wait(faults.delayMs)
  if (faults.hang === 'before') return undefined
  if (faults.reset === 'before') {
    resetConnection(response)
    return undefined
  }
  const answer = refusalOf(faults.refusal ?? faults.refusesCallWith(() => uidsOf(operation, input)), operation) ?? await perform(call)
  if (faults.answerDelayMs > 0) await wait(faults.answerDelayMs)
  if (faults.hang === 'after') return undefined
  if (faults.reset === 'after') resetConnection(response)
  else if (faults.truncateBody) sendTruncated(response, answer)
  else if (faults.slowBody !== undefined) await sendSlowly(response, answer, faults.slowBody)
  else return answer
  return undefined
}

function refusalOf (fault: Fault | undefined, operation: string): Answer | undefined {
  if (fault === undefined) return undefined
  const { status = 400, error = fault.refuseCallWith === undefined ? 'InternalServerError' : badContents(operation), retryAfterSeconds } = fault
  const headers = retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }
  return { ...refusal(error, 'refused on purpose', status), headers }
}

/** How each service says that it does not take what a call holds. */
function badContents (operation: string): string {
  return operation === 'SendMessageBatch' ? 'InvalidMessageContents' : 'ValidationException'
}

/** Only a call that waits for messages needs to know that nobody listens any more. */
function goneSignal (operation: string, response: ServerResponse): AbortSignal {
  if (operation !== 'ReceiveMessage') return NEVER
  const controller = new AbortController()
  response.once('close', () => { controller.abort() })
  return controller.signal
}

const NEVER = new AbortController().signal
