import { type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { type SQSClient } from '@aws-sdk/client-sqs'
import { type Test } from 'tap'
import { type RecordingEndpoint, startRecordingEndpoint } from '../../../bench/recording-endpoint/recording-endpoint.js'
import { callDeadlineMs } from '../../../src/connectors/aws/call-within.js'
import { createDynamoDBClient, createSqsClient } from '../../../src/connectors/aws/clients.js'
import { SdkBatchWriter } from '../../../src/connectors/dynamodb/sdk-batch-writer.js'
import { type Messages, type OutgoingMessage } from '../../../src/connectors/kafka/shipment.js'
import { queueAddresses } from '../../../src/connectors/sqs/queue-addresses.js'
import { QueueDirectory, type QueueAddress } from '../../../src/connectors/sqs/queue-directory.js'
import { RetryQueueReceiver } from '../../../src/connectors/sqs/retry-queue-receiver.js'
import { RETRY_QUEUE_KEY } from '../../../src/connectors/sqs/retry-send-stage.js'
import { SdkBatchSender } from '../../../src/connectors/sqs/sdk-batch-sender.js'
import { type Clock } from '../../../src/engine/clock.js'
import { type Engine } from '../../../src/engine/engine.js'
import { type SourceRecord } from '../../../src/engine/record.js'
import { type EncodedEvent } from '../../../src/pipelines/events/encoded-events.js'
import { createEventsExaminer } from '../../../src/pipelines/events/examiner.js'
import { createEventsEngine } from '../../../src/pipelines/events/pipeline.js'
import { type EventsConfig, loadConfig } from '../../../src/service/config/load-config.js'
import { EXAMINE_OPTIONS } from '../../fixtures/events.js'
import { countingObserver, type Counts } from '../../helpers/counting-observer.js'
import { ManualClock, turn } from '../../helpers/manual-clock.js'

const POLL_EVERY_MS = 500
const PLACE = { topic: 'stream_producer', partition: 0 }
const OPERATIONS = [
  'BatchWriteItem', 'PutItem', 'SendMessageBatch', 'ReceiveMessage', 'DeleteMessageBatch', 'ChangeMessageVisibilityBatch', 'GetQueueUrl', 'GetQueueAttributes'
]

process.env.AWS_ACCESS_KEY_ID = 'test'
process.env.AWS_SECRET_ACCESS_KEY = 'test'

/** What of a process ends with it. */
interface Life {
  readonly engine: Engine<EncodedEvent>
  readonly receiver: RetryQueueReceiver
  readonly clock: MortalClock
  next: number
}

/**
 * The events engine with its real stages and its retry queue before the recording endpoint, on time that passes only
 * when a test says so: minutes of an outage in seconds. One partition, read from a list; dead letters go to another.
 */
export class EventsOnAClock {
  readonly clock = new ManualClock()
  readonly endpoint: RecordingEndpoint
  readonly config: EventsConfig
  /** Over all lives. */
  readonly counts: Counts = countingObserver()
  readonly deadLetters: OutgoingMessage[] = []
  committed = 0
  /** The most calls that were in flight at once, those that wait for messages aside. */
  mostCalls = 0
  readonly #log: SourceRecord[] = []
  readonly #dynamodb: DynamoDBClient
  readonly #sqs: SQSClient
  #waitingLetters: Array<() => void> | undefined
  #calls = 0
  #life: Life

  private constructor (endpoint: RecordingEndpoint, knobs: Readonly<Record<string, string>>) {
    this.endpoint = endpoint
    this.config = loadConfig({ KAFKA_BROKERS: '127.0.0.1:1', ...knobs }, 'events').config
    const options = { region: 'eu-west-1', endpoint: endpoint.url, maxSockets: 256, connectTimeoutMs: 5_000, requestTimeoutMs: 30_000 }
    this.#dynamodb = createDynamoDBClient(options)
    this.#sqs = createSqsClient(options)
    this.#dynamodb.middlewareStack.add(this.#watched(), { step: 'initialize', name: 'watched' })
    this.#sqs.middlewareStack.add(this.#watched(), { step: 'initialize', name: 'watched' })
    this.#life = this.#begin()
  }

  static async create (t: Test, knobs: Readonly<Record<string, string>> = {}): Promise<EventsOnAClock> {
    const endpoint = await startRecordingEndpoint()
    const events = new EventsOnAClock(endpoint, knobs)
    t.teardown(async () => {
      events.kill()
      await endpoint.close()
      events.#dynamodb.destroy()
      events.#sqs.destroy()
    })
    return events
  }

  get engine (): Engine<EncodedEvent> {
    return this.#life.engine
  }

  get produced (): number {
    return this.#log.length
  }

  produce (...values: string[]): void {
    for (const value of values) {
      this.#log.push({ ...PLACE, offset: this.#log.length, key: null, value: Buffer.from(value), headers: [], timestamp: -1 })
    }
  }

  /** The queues of clients take nothing any more, and all else goes on. */
  takeQueuesDown (): void {
    this.endpoint.control({ faults: this.config.events.clients.map(client => ({ operation: 'SendMessageBatch', queue: `${client}.fifo`, status: 503, error: 'ServiceUnavailable' })) })
  }

  /** Nothing answers any more but with an error; dead letters wait, as they do while brokers are away. */
  takeDown (): void {
    this.endpoint.control({ faults: OPERATIONS.map(operation => ({ operation, status: 503, error: 'ServiceUnavailable' })) })
    this.#waitingLetters ??= []
  }

  heal (): void {
    this.endpoint.control({ faults: [] })
    const letters = this.#waitingLetters ?? []
    this.#waitingLetters = undefined
    for (const write of letters) write()
  }

  /** As SIGKILL does: nothing is finished, given back or committed. */
  kill (): void {
    this.#life.clock.stop()
    this.#life.engine.shutDown()
    void this.#life.receiver.stop()
  }

  /** A new process, from what is committed. */
  restart (): void {
    this.#life = this.#begin()
  }

  /** Lets time pass for engine and endpoint alike. Calls take none of it. */
  async pass (ms: number): Promise<void> {
    const end = this.clock.now() + ms
    while (this.clock.now() < end) {
      const step = Math.max(0, Math.min(end, this.clock.nextAt, this.clock.now() + POLL_EVERY_MS) - this.clock.now())
      this.clock.advance(step)
      this.endpoint.control({ advanceMs: step })
      this.#poll()
      await this.#quiet()
    }
  }

  /** True when the condition holds within this time. */
  async passUntil (holds: () => boolean, atMostMs: number): Promise<boolean> {
    for (const end = this.clock.now() + atMostMs; !holds() && this.clock.now() < end;) await this.pass(POLL_EVERY_MS)
    return holds()
  }

  #poll (): void {
    const life = this.#life
    life.engine.polled()
    const blocked = life.engine.blocked().length > 0
    const records = this.#log.slice(life.next, life.next + Math.min(this.config.flow.chunkRecords, blocked ? 0 : life.engine.available))
    life.next += records.length
    life.engine.receive(records)
    const offsets = life.engine.committable()
    for (const { offset } of offsets) this.committed = offset
    life.engine.committed(offsets)
  }

  async #quiet (): Promise<void> {
    for (let idle = 0; idle < 2; idle = this.#calls === 0 ? idle + 1 : 0) await turn()
  }

  #begin (): Life {
    const { config, counts } = this
    const clock = new MortalClock(this.clock)
    const directory = (addresses: ReadonlyMap<string, QueueAddress>): QueueDirectory =>
      new QueueDirectory({ client: this.#sqs, callTimeoutMs: config.aws.requestTimeoutMs, addresses })
    const retryQueue = directory(new Map([[RETRY_QUEUE_KEY, { name: config.retry.queue }]]))
    const engine = createEventsEngine(config, {
      examiner: createEventsExaminer({ ...EXAMINE_OPTIONS, threads: 0, timeoutMs: 1_000, retryTimeoutMs: 1_000, clock }),
      writer: new SdkBatchWriter(this.#dynamodb, callDeadlineMs(config.aws)),
      dynamodb: this.#dynamodb,
      sender: new SdkBatchSender(this.#sqs, callDeadlineMs(config.aws)),
      queues: directory(queueAddresses(config.events.clients, {})),
      retryQueue,
      deadLetters: { deliver: messages => this.#deliver(messages) }
    }, { clock, random: Math.random, observer: counts.observer, incidents: counts.incidents })
    const receiver = new RetryQueueReceiver({
      calls: { client: this.#sqs, callTimeoutMs: config.aws.requestTimeoutMs },
      queues: retryQueue,
      clock,
      visibilityMs: config.retry.visibilityMs,
      waitMs: 1_000,
      credit: () => engine.replayAvailable,
      deliver: messages => { engine.replay(messages) },
      observer: { undecodable () {}, failed () {} }
    })
    engine.onReplayAvailable = () => { receiver.wake() }
    engine.open(PLACE)
    receiver.start()
    return { engine, receiver, clock, next: this.committed }
  }

  async #deliver (messages: Messages): Promise<undefined> {
    if (this.#waitingLetters !== undefined) await new Promise<void>(resolve => { this.#waitingLetters?.push(resolve) })
    for (let index = 0; index < messages.length; index++) this.deadLetters.push(messages.at(index) as OutgoingMessage)
  }

  #watched () {
    return <Args, Output>(next: (args: Args) => Promise<Output>, { commandName }: { readonly commandName?: string }) => async (args: Args): Promise<Output> => {
      // Waits for messages as long as there are none: time must pass meanwhile.
      if (commandName === 'ReceiveMessageCommand') return await next(args)
      this.mostCalls = Math.max(this.mostCalls, ++this.#calls)
      try {
        return await next(args)
      } finally {
        this.#calls--
      }
    }
  }
}

/** The clock of one process: its timers end with it. */
class MortalClock implements Clock {
  readonly #clock: Clock
  #stopped = false

  constructor (clock: Clock) {
    this.#clock = clock
  }

  stop (): void {
    this.#stopped = true
  }

  now (): number {
    return this.#clock.now()
  }

  wallTime (): number {
    return this.#clock.wallTime()
  }

  setTimer (callback: () => void, delayMs: number) {
    return this.#clock.setTimer(() => { if (!this.#stopped) callback() }, delayMs)
  }
}
