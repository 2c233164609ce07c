import t from 'tap'
import { startRecordingEndpoint } from '../../bench/recording-endpoint/recording-endpoint.js'
import { readCommits, staleCommits } from '../helpers/commits.js'
import { EventsRoad } from '../helpers/events-road.js'
import { recordingProblems, repeatsIn } from '../helpers/recorded.js'
import { startTestStack } from '../helpers/stack.js'

const PARTITIONS = 6
const RATE_PER_SECOND = 250
/** More than are sent before the test stops the producer. */
const MOST_EVENTS = 50_000

const { kafka } = await startTestStack(t, { servers: ['kafka'] })

for (const assignor of ['cooperative-sticky', 'range']) {
  t.test(`with ${assignor}, a process that joins and one that leaves under load lose nothing and repeat nothing`, async t => {
    const name = `rebalance-${assignor}`
    const endpoint = await startRecordingEndpoint()
    t.teardown(() => endpoint.close())
    endpoint.control({ faults: [{ operation: 'BatchWriteItem', every: 2, delayMs: 30 }, { operation: 'SendMessageBatch', every: 3, delayMs: 50 }] })
    const road = await EventsRoad.create(t, {
      name, servers: { kafka: kafka.brokers, aws: endpoint.url }, partitions: PARTITIONS, knobs: { KAFKA_ASSIGNMENT_STRATEGY: assignor, COMMIT_INTERVAL_MS: '100' }
    })
    const [first, second] = await Promise.all([road.startService(), road.startService()])
    await Promise.all([first, second].map(service => service.ownsPartitions(owned => owned === PARTITIONS / 2)))

    const enough = new AbortController()
    const producing = road.produce({ count: MOST_EVENTS, ratePerSecond: RATE_PER_SECOND, invalidShare: 0.02, signal: enough.signal })
    const third = await road.startService()
    await Promise.all([first, second, third].map(service => service.ownsPartitions(owned => owned === PARTITIONS / 3)))
    t.equal(await first.stop(), 0, { log: first.tail })
    await Promise.all([second, third].map(service => service.ownsPartitions(owned => owned === PARTITIONS / 2)))
    enough.abort()
    const { acknowledged, stopped, valid } = await producing
    t.ok(stopped, `the load went on all the while: ${acknowledged} events`)

    await road.isWorkedOff([second, third])
    for (const service of [second, third]) {
      const metrics = await service.metrics()
      t.ok(metrics.sum('penstock_settled_records_total') > 0, 'each has done a part of the work')
      t.equal(metrics.sum('penstock_rebalances_total', { event: 'lost' }), 0)
    }
    const report = endpoint.recorder.report(true)
    t.equal(recordingProblems(report, await road.entries(), client => `${name}-${client}.fifo`), '')
    t.same(repeatsIn(report), { messages: 0, rows: 0 })
    t.equal(report.inversions, 0, 'in the order of each partition')
    t.equal((await road.readDeadLetters()).length, acknowledged - valid)
    t.same(await Promise.all([second.stop(), third.stop()]), [0, 0])
    const commits = await readCommits(road.config.kafka, name, name)
    t.ok(commits.length > 10 * PARTITIONS, `${commits.length} commits`)
    t.same(staleCommits(commits), [], 'not one of them took back another')
  })
}
