import { createHash } from 'node:crypto'
import { type BatchWriteItemCommandInput, type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { type SendMessageBatchCommandInput, type SQSClient } from '@aws-sdk/client-sqs'
import t from 'tap'
import { SdkBatchWriter } from '../../src/connectors/dynamodb/sdk-batch-writer.js'
import { type KafkaLog } from '../../src/connectors/kafka/kafka-log.js'
import { DeliveryProducer } from '../../src/connectors/kafka/delivery-producer.js'
import { SdkBatchSender } from '../../src/connectors/sqs/sdk-batch-sender.js'
import { QueueDirectory } from '../../src/connectors/sqs/queue-directory.js'
import { createEventsExaminer } from '../../src/pipelines/events/examiner.js'
import { createEventsEngine } from '../../src/pipelines/events/pipeline.js'
import { loadConfig } from '../../src/service/config/load-config.js'
import { EVENT } from '../fixtures/event.js'
import { EXAMINE_OPTIONS, recordOf } from '../fixtures/events.js'
import { countingObserver } from '../helpers/counting-observer.js'
import { ManualClock } from '../helpers/manual-clock.js'
import { fakeClient } from '../unit/connectors/flights.js'

const PLACE = { topic: 'stream_producer', partition: 0 }

/** The road of events as it is wired, on clients that write down what they are asked; writes are answered by hand. */
function eventsRoad () {
  const clock = new ManualClock()
  const { observer, incidents } = countingObserver()
  const { config } = loadConfig({ KAFKA_BROKERS: '127.0.0.1:9092' }, 'events')
  const calls: string[] = []
  const writes: Array<(unprocessed: readonly number[]) => void> = []
  const dynamodb = fakeClient<DynamoDBClient>(async (_, input: BatchWriteItemCommandInput) => {
    const [requests = []] = Object.values(input.RequestItems ?? {})
    calls.push(`write ${requests.map(request => request.PutRequest?.Item?.['UUID']?.S).join()}`)
    const left = await new Promise<readonly number[]>(resolve => { writes.push(resolve) })
    return { UnprocessedItems: left.length === 0 ? {} : { [config.events.table]: requests.filter((_, index) => left.includes(index)) } }
  })
  const sqs = fakeClient<SQSClient>((operation, input: SendMessageBatchCommandInput) => {
    if (operation === 'GetQueueUrl') return { QueueUrl: 'http://sqs/000000000000/any.fifo' }
    if (operation === 'GetQueueAttributes') return { Attributes: { FifoQueue: 'true', MaximumMessageSize: '1048576' } }
    calls.push(`send ${input.Entries?.map(entry => (JSON.parse(entry.MessageBody ?? '') as { uid: string }).uid).join()}`)
    return { Successful: input.Entries?.map(({ Id, MessageBody = '' }) => ({ Id, MD5OfMessageBody: createHash('md5').update(MessageBody).digest('hex') })) }
  })
  const log = new Proxy({}, { get: () => () => {} }) as KafkaLog
  const engine = createEventsEngine(config, {
    examiner: createEventsExaminer({ ...EXAMINE_OPTIONS, threads: 0, timeoutMs: 1_000, retryTimeoutMs: 1_000, clock }),
    writer: new SdkBatchWriter(dynamodb, 1_000),
    dynamodb,
    sender: new SdkBatchSender(sqs, 1_000),
    queues: new QueueDirectory({ client: sqs, callTimeoutMs: 1_000, addresses: new Map([[EVENT.client, { name: 'any.fifo' }]]) }),
    retryQueue: undefined,
    deadLetters: new DeliveryProducer({ properties: { global: {}, topic: {} }, log, clock })
  }, { clock, random: () => 0.5, observer, incidents })
  t.teardown(() => { engine.shutDown() })
  engine.open(PLACE)
  engine.polled()
  return {
    engine,
    calls,
    clock,
    poll: (...uids: string[]) => { engine.receive(uids.map((uid, offset) => recordOf(JSON.stringify({ ...EVENT, uid }), offset))) },
    write: (...unprocessed: number[]) => writes.shift()?.(unprocessed)
  }
}

t.test('no message is sent before the table has confirmed its row', async t => {
  const { engine, calls, clock, poll, write } = eventsRoad()
  poll('one', 'two')
  await clock.pass(1_000)
  t.strictSame(calls, ['write one,two'])
  t.strictSame(engine.committable(), [])
  write()
  await clock.pass(1_000)
  t.strictSame(calls, ['write one,two', 'send one,two'])
  t.strictSame(engine.committable(), [{ ...PLACE, offset: 2 }])
})

t.test('a row that was left unprocessed keeps its message back, and those behind it in its group', async t => {
  const { calls, clock, poll, write } = eventsRoad()
  poll('one', 'two', 'three')
  await clock.pass(100)
  write(1)
  await clock.pass(1_000)
  t.strictSame(calls, ['write one,two,three', 'send one', 'write two'])
  write()
  await clock.pass(1_000)
  t.strictSame(calls.slice(3), ['send two,three'])
})
