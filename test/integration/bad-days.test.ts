import { createServer } from 'node:http'
import { type AddressInfo } from 'node:net'
import t from 'tap'
import { startRecordingEndpoint } from '../../bench/recording-endpoint/recording-endpoint.js'
import { DEAD_LETTER_HEADERS } from '../../src/connectors/kafka/dead-letter-stage.js'
import { EventsRoad } from '../helpers/events-road.js'
import { recordingProblems } from '../helpers/recorded.js'
import { TestService } from '../helpers/service.js'
import { startTestStack } from '../helpers/stack.js'
import { Stopwatch } from '../helpers/stopwatch.js'

t.test('all mistakes of a configuration are named at once, each with an example, and nothing starts', async t => {
  const service = TestService.spawn(t, { ADMIN_PORT: 'nine', MAX_ATTEMPTS: '0', EVENTS_TABLE: '?', SQS_QUEUE_URLS: '{', KAFKA_PROPERTY_ENABLE_AUTO_COMMIT: 'true' })
  t.equal(await service.ends(), 2)
  for (const variable of ['KAFKA_BROKERS', 'ADMIN_PORT', 'MAX_ATTEMPTS', 'EVENTS_TABLE', 'SQS_QUEUE_URLS']) {
    t.match(service.output, new RegExp(`- ${variable}: .*for example ${variable}=`), variable)
  }
  t.match(service.output, /- KAFKA_PROPERTY_ENABLE_AUTO_COMMIT: /)
  t.equal(service.log.length, 0, 'it did not come to logging')
})

t.test('a taken admin port is a sentence with the remedy', async t => {
  const stranger = createServer().listen(0, '127.0.0.1')
  t.teardown(() => { stranger.close() })
  await new Promise(resolve => stranger.once('listening', resolve))
  const { port } = stranger.address() as AddressInfo
  const service = TestService.spawn(t, { KAFKA_BROKERS: '127.0.0.1:1', ADMIN_PORT: String(port) })
  t.equal(await service.ends(), 2)
  t.match(service.output, `ADMIN_PORT: port ${port} of 127.0.0.1 is taken. Stop what uses it, or set another one`)
  t.notMatch(service.output, /\n\s+at /, 'without a stack')
})

t.test('with brokers that come and go', async t => {
  const { kafka } = await startTestStack(t, { servers: ['kafka'] })
  const endpoint = await startRecordingEndpoint()
  t.teardown(() => endpoint.close())
  const servers = { kafka: kafka.brokers, aws: endpoint.url }
  const queueOf = (road: string) => (client: string) => `${road}-${client}.fifo`

  await t.test('brokers that are not there at the start are waited for', async t => {
    const name = 'late-brokers'
    const road = await EventsRoad.create(t, { name, servers })
    await road.produce({ count: 200, invalidShare: 0.05 })
    await kafka.stop()
    const service = await road.startService()
    const { level, reason } = await service.logged('waiting for the Kafka brokers')
    t.equal(level, 'warn')
    t.match(reason, 'Connection refused', 'it says why')
    t.match(await service.health('/ready'), { status: 503, text: 'not ready: kafka' })
    t.match(await service.health('/live'), { status: 200 })

    await kafka.start()
    await service.becomesReady()
    await road.isWorkedOff([service])
    t.equal(recordingProblems(endpoint.recorder.report(true), await road.entries(), queueOf(name)), '')
    t.equal((await road.readDeadLetters()).length, 10)
    t.equal(await service.stop(), 0, { log: service.tail })
  })

  await t.test('brokers that are killed under load cost nothing, and it goes on by itself within 30 s of their return', async t => {
    const name = 'killed-brokers'
    const count = 3_000
    endpoint.control({ restart: 'full', faults: [{ operation: 'SendMessageBatch', delayMs: 60 }] })
    const road = await EventsRoad.create(t, { name, servers })
    await road.produce({ count, invalidShare: 0.02 })
    // Little is fetched ahead, so that most of it is still at the brokers.
    const service = await road.startService({
      MAX_IN_FLIGHT_RECORDS: '200', CHUNK_RECORDS: '50', KAFKA_QUEUED_MIN_MESSAGES: '50', KAFKA_QUEUED_MAX_KBYTES: '64', SQS_CONCURRENCY: '1', COMMIT_INTERVAL_MS: '100'
    })
    const accepted = (): number => endpoint.recorder.report(false).messagesAccepted
    await service.sees('some messages have arrived and some offsets are committed', async () => accepted() > 200 && (await road.committed()).size > 0)
    await kafka.kill()
    t.ok(accepted() < count / 2, 'it happened in mid-stream')
    await service.becomesUnready('kafka')
    t.match(await service.health('/live'), { status: 200 })

    await kafka.start()
    const watch = new Stopwatch()
    await road.produce({ count: count + 100, invalidShare: 0.02, resume: true })
    const newest = (await road.entries()).findLast(({ expected }) => expected === 'valid')?.uid ?? ''
    await service.sees('what was produced after their return arrives', () => endpoint.recorder.rows.has(newest))
    t.ok(watch.ownMs < 30_000, `after ${watch.ownMs} ms`)
    await service.becomesReady()
    await road.isWorkedOff([service])
    t.equal(recordingProblems(endpoint.recorder.report(true), await road.entries(), queueOf(name)), '')
    const origins = new Set((await road.readDeadLetters()).map(letter => originOf(letter.headers)))
    t.equal(origins.size, 62, 'every dead letter')
    t.equal(await service.stop(), 0, { log: service.tail })
    endpoint.control({ faults: [] })
  })

  await t.test('without its dead-letter topic it keeps the offset, says so, and goes on when the topic comes', async t => {
    const name = 'no-dead-letters'
    endpoint.control({ restart: 'full' })
    const road = await EventsRoad.create(t, { name, servers, partitions: 1, withoutDeadLetterTopic: true })
    await road.produce({ count: 40, invalidShare: 0.1 })
    const firstInvalid = (await road.entries()).find(({ expected }) => expected !== 'valid')?.place
    const offset = firstInvalid !== undefined && 'offset' in firstInvalid ? firstInvalid.offset : NaN
    const service = await road.startService({ READY_HOLD_MS: '1000' })
    await service.becomesUnready('dead-letters')
    await service.sees('everything before the first invalid record is committed', async () => (await road.committed()).get(0) === offset)
    await service.sees('the valid ones are delivered all the same', () => endpoint.recorder.report(false).messagesAccepted === 36)
    t.equal((await service.metrics()).sum('penstock_dead_letters_total'), 0)

    await road.createDeadLetterTopic()
    await road.isWorkedOff([service])
    await service.becomesReady()
    t.equal((await road.readDeadLetters()).length, 4)
    t.equal(await service.stop(), 0, { log: service.tail })
  })
})

function originOf (headers: ReadonlyArray<readonly [string, Buffer | null]>): string {
  const own = Object.fromEntries(headers.map(([name, value]) => [name, String(value)]))
  return `${own[DEAD_LETTER_HEADERS.partition]}:${own[DEAD_LETTER_HEADERS.offset]}`
}
