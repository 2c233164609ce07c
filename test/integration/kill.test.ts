import t from 'tap'
import { startRecordingEndpoint } from '../../bench/recording-endpoint/recording-endpoint.js'
import { clientQueueName } from '../../src/connectors/sqs/definition.js'
import { EventsRoad } from '../helpers/events-road.js'
import { PATIENT } from '../helpers/patience.js'
import { recordingProblems, repeatsIn } from '../helpers/recorded.js'
import { startTestStack } from '../helpers/stack.js'

/** The least that Kafka allows: only then the group gives the partitions of a killed process to the next. */
const SESSION_TIMEOUT_MS = 6_000

const { kafka, dynamodb, elasticmq } = await startTestStack(t, { servers: ['kafka', 'dynamodb', 'elasticmq'] })

t.test('killed under load twice, it loses nothing, adds nothing and keeps the order', async t => {
  const count = 6_000
  const road = await EventsRoad.create(t, {
    name: 'killed',
    servers: { kafka: kafka.brokers, dynamodb: dynamodb.endpoint, sqs: elasticmq.endpoint },
    knobs: { KAFKA_SESSION_TIMEOUT_MS: String(SESSION_TIMEOUT_MS), MAX_IN_FLIGHT_RECORDS: '1000', COMMIT_INTERVAL_MS: '100' }
  })
  await road.produce({ count, invalidShare: 0.05 })
  for (const settled of [500, 1_000]) {
    const service = await road.startService()
    await service.sees(`${settled} records are settled`, async () => (await service.metrics()).sum('penstock_settled_records_total') >= settled)
    await service.kill()
    t.ok(await road.lag() > 0, 'it was under load')
  }
  const service = await road.startService()
  await road.isWorkedOff([service])
  // The queues drop what is sent to them again within five minutes, so that even a killed process shows in them nothing twice.
  const { proof, problems } = await road.prove({ repeats: true })
  t.equal(problems, '')
  t.equal(proof.produced.records, count)
  t.equal([...proof.messages.values()].reduce((repeats, queue) => repeats + queue.repeats, 0), 0)
})

t.test('what a kill has sent again is at most what was in flight, and what came in a commit interval', async t => {
  const ratePerSecond = 400
  const maxInFlight = 200
  const commitIntervalMs = 500
  const endpoint = await startRecordingEndpoint()
  t.teardown(() => endpoint.close())
  // At any time some records are stored and not sent yet: the kill always finds something in flight.
  endpoint.control({ faults: [{ operation: 'SendMessageBatch', delayMs: 100 }] })
  const road = await EventsRoad.create(t, {
    name: 'killed-at-a-rate',
    servers: { kafka: kafka.brokers, aws: endpoint.url },
    knobs: {
      KAFKA_SESSION_TIMEOUT_MS: String(SESSION_TIMEOUT_MS),
      MAX_IN_FLIGHT_RECORDS: String(maxInFlight),
      CHUNK_RECORDS: '100',
      COMMIT_INTERVAL_MS: String(commitIntervalMs),
      ...PATIENT
    }
  })
  const service = await road.startService()
  await service.ownsPartitions()
  const producing = road.produce({ count: 4 * ratePerSecond, ratePerSecond })
  await service.sees('half is stored', () => endpoint.recorder.rows.size >= 2 * ratePerSecond)
  const killedAt = Date.now()
  await service.kill()
  await producing
  t.ok(await road.lag() > 0, 'it was under load')

  const next = await road.startService()
  await road.isWorkedOff([next])
  const report = endpoint.recorder.report(true)
  t.equal(recordingProblems(report, await road.entries(), client => `killed-at-a-rate-${clientQueueName(client)}`), '')
  const repeats = repeatsIn(report)
  // A machine that has fallen behind works a backlog off faster than events come, and commits late.
  const justBefore = Object.values(report.acceptedAt ?? {}).filter(at => at < killedAt && at > killedAt - 2 * commitIntervalMs).length
  const most = maxInFlight + Math.max(justBefore, ratePerSecond * commitIntervalMs / 1_000)
  t.ok(repeats.rows > 0, 'the kill left something uncommitted')
  t.ok(repeats.rows <= most && repeats.messages <= most, `${repeats.rows} rows and ${repeats.messages} messages again, of at most ${most}`)
})
