import t from 'tap'
import { LogWatch } from '../../../src/ingest/log-watch.js'
import { Health } from '../../../src/service/health.js'
import { ManualClock } from '../../helpers/manual-clock.js'

function rig () {
  const clock = new ManualClock()
  const health = new Health()
  const log = { isOpen: false, isAvailable: true, appended: 0, open: () => { log.isOpen = true } }
  const brokers = { there: true, asked: 0 }
  const producer = {
    connect: async () => {},
    reaches: async () => {
      brokers.asked++
      return brokers.there
    }
  }
  const watch = new LogWatch({ log, producer, topic: 'event-log', health, clock })
  return { clock, health, log, brokers, watch }
}

t.test('Before the topic is reached the log is closed and the process not ready', async t => {
  const { clock, health, log, brokers, watch } = rig()
  brokers.there = false
  t.match(health.problems, [{ check: 'ingest', reason: 'connecting' }])
  await watch.begin()
  await clock.pass(5_000)
  t.notOk(log.isOpen)
  t.match(health.problems, [{ check: 'ingest', reason: 'connecting' }])
  brokers.there = true
  await clock.pass(1_000)
  t.ok(log.isOpen)
  t.ok(health.ready)
})

t.test('It is not ready while the brokers do not answer, or an event waits for too long', async t => {
  const { clock, health, log, brokers, watch } = rig()
  await watch.begin()
  t.ok(health.ready)
  brokers.there = false
  await clock.pass(1_000)
  t.match(health.problems, [{ check: 'ingest', reason: 'the brokers do not answer' }])
  brokers.there = true
  await clock.pass(1_000)
  t.ok(health.ready)
  log.isAvailable = false
  await clock.pass(1_000)
  t.match(health.problems, [{ check: 'ingest', reason: 'events wait for their acknowledgement' }])
})

t.test('While events are acknowledged nobody is asked', async t => {
  const { clock, health, log, brokers, watch } = rig()
  await watch.begin()
  const before = brokers.asked
  brokers.there = false
  for (let second = 0; second < 3; second++) {
    log.appended++
    await clock.pass(1_000)
    t.ok(health.ready)
  }
  t.equal(brokers.asked, before)
  watch.close()
  t.equal(clock.pending, 0)
})
