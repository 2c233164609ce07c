import { join } from 'node:path'
import t from 'tap'
import { createKafka } from '../../src/stack/kafka.js'
import { findFreePort, LOOPBACK } from '../../src/stack/ports.js'
import { createTestFolder } from '../helpers/stack.js'
import { Stopwatch } from '../helpers/stopwatch.js'
import { restingCpuShare } from './harness/cpu-share.js'
import { FaultRun } from './harness/fault-run.js'
import { parameter } from './harness/parameters.js'

const OUTAGE_MS = parameter('OUTAGE_MS', 4_000)
const RECOVERED_WITHIN_MS = 30_000
const MAX_CPU_SHARE = 0.05
const COUNT = 500
const PASSWORD = 'open-sesame-15'
const LOGIN = 'org.apache.kafka.common.security.plain.PlainLoginModule required'

const dir = createTestFolder(t)
const [port, controllerPort, loginPort] = await Promise.all([findFreePort(), findFreePort(), findFreePort()])

/** A broker with a second listener that lets in who knows this password. */
function createBroker (password: string): ReturnType<typeof createKafka> {
  return createKafka({
    dir,
    logFile: join(dir, 'kafka.log'),
    port,
    controllerPort,
    properties: {
      listeners: `PLAINTEXT://${LOOPBACK}:${port},LOGIN://${LOOPBACK}:${loginPort},CONTROLLER://${LOOPBACK}:${controllerPort}`,
      'advertised.listeners': `PLAINTEXT://${LOOPBACK}:${port},LOGIN://${LOOPBACK}:${loginPort}`,
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,LOGIN:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT',
      'sasl.enabled.mechanisms': 'PLAIN',
      'listener.name.login.plain.sasl.jaas.config': `${LOGIN} user_penstock="${password}";`
    }
  })
}

t.test('K15: while the login is refused a service is not ready, backs off and lives; when it is accepted, all work is done within 30 s', async t => {
  const stranger = createBroker('another')
  const friend = createBroker(PASSWORD)
  t.teardown(async () => { await Promise.all([stranger.stop(), friend.stop()]) })
  await stranger.start()
  const run = await FaultRun.create(t, { name: 'login', kafka: stranger.brokers, partitions: 4 })
  await run.produce({ count: COUNT, invalidShare: 0.02, key: 'uid' })
  const service = await run.start({
    KAFKA_BROKERS: `${LOOPBACK}:${loginPort}`,
    KAFKA_SECURITY_PROTOCOL: 'sasl_plaintext',
    KAFKA_SASL_MECHANISM: 'PLAIN',
    KAFKA_SASL_USERNAME: 'penstock',
    KAFKA_SASL_PASSWORD: PASSWORD
  })
  const line = await service.logged('waiting for the Kafka brokers')
  t.match(line.reason, /authentication failed/i, 'it says why')
  await service.becomesUnready('kafka')
  const refused = await restingCpuShare(service, { windowMs: OUTAGE_MS, limit: MAX_CPU_SHARE })
  t.ok(refused < MAX_CPU_SHARE, `it took ${(100 * refused).toFixed(1)} % of a core meanwhile`)
  t.equal((await service.health('/live')).status, 200)

  await stranger.stop()
  await friend.start()
  const watch = new Stopwatch()
  await run.finish({ metricsTellAll: true })
  const recoveryMs = watch.ownMs
  t.ok(recoveryMs < RECOVERED_WITHIN_MS)
  await service.becomesReady()

  await friend.kill()
  await stranger.start()
  await service.becomesUnready('kafka')
  const refusedAgain = await restingCpuShare(service, { windowMs: OUTAGE_MS, limit: MAX_CPU_SHARE })
  t.ok(refusedAgain < MAX_CPU_SHARE, `once it worked: it took ${(100 * refusedAgain).toFixed(1)} % of a core meanwhile`)
  await stranger.stop()
  await friend.start()
  await run.produce({ count: 2 * COUNT, invalidShare: 0.02, key: 'uid', resume: true })
  await run.finish({ metricsTellAll: true })
  await service.becomesReady()
  t.comment(`figures: login: worked off ${recoveryMs} ms after the broker was there`)
  t.equal(await service.stop(), 0, { log: service.tail })
  t.notOk(service.output.includes(PASSWORD), 'no password is written')
})
