import { EventEmitter } from 'node:events'
import t from 'tap'
import { type Ending, ServiceLifecycle } from '../../../src/cli/service-lifecycle.js'
import { type Clock } from '../../../src/engine/clock.js'
import { type RunEnd } from '../../../src/pipelines/common/run-pipeline.js'

t.test('The first signal drains and the process ends with what came of it', async t => {
  for (const [end, code] of [['drained', 0], ['cut', 3], ['failed', 1]] as const) {
    const { events, pipeline, exited } = start()
    events.emit('SIGTERM')
    t.same(pipeline.calls, ['stop'])
    pipeline.finish(end)
    t.equal((await exited).code, code, end)
  }
})

t.test('A second signal ends it at once, whichever signals they are', async t => {
  const { events, pipeline, exited } = start()
  events.emit('SIGINT')
  events.emit('SIGTERM')
  t.same(pipeline.calls, ['stop', 'abort'])
  pipeline.finish('cut')
  t.equal((await exited).code, 3)
})

t.test('A launcher that dies counts as a signal', async t => {
  const { events, pipeline, exited } = start()
  events.emit('disconnect')
  t.same(pipeline.calls, ['stop'])
  pipeline.finish('drained')
  t.equal((await exited).code, 0)
})

t.test('A signal before the pipeline has started ends the process', async t => {
  const { events, exited } = start({ own: false })
  events.emit('SIGTERM')
  t.equal((await exited).code, 0)
})

t.test('A pipeline that fails by itself ends the process with 1', async t => {
  const { pipeline, exited } = start()
  pipeline.finish('failed')
  t.equal((await exited).code, 1)
})

t.test('An error that nobody caught is logged and ends the process with 1, whatever was thrown', async t => {
  for (const event of ['uncaughtException', 'unhandledRejection']) {
    for (const thrown of [new Error('boom'), undefined, {}, null, 'text']) {
      const { events, pipeline, exited, log } = start()
      events.emit(event, thrown)
      events.emit(event, thrown)
      t.same(pipeline.calls, ['abort'], 'aborted once, so that nothing that is not done is committed')
      t.equal(log.filter(level => level === 'fatal').length, 2)
      pipeline.finish('cut')
      t.equal((await exited).code, 1)
    }
  }
})

t.test('A pipeline that never ends is given up after its grace', async t => {
  const { events, exited, timers } = start({ graceMs: 1_000 })
  events.emit('SIGTERM')
  const [{ expire, delayMs } = { expire: () => {}, delayMs: 0 }] = timers
  t.ok(delayMs > 1_000, 'later than the pipeline\'s own deadline')
  expire()
  t.equal((await exited).code, 3)
})

t.test('It exits once', async t => {
  const { events, pipeline, exits } = start()
  events.emit('SIGTERM')
  events.emit('uncaughtException', new Error('late'))
  pipeline.finish('drained')
  await new Promise(resolve => setImmediate(resolve))
  t.equal(exits.length, 1)
})

function start ({ own = true, graceMs = 50_000 } = {}) {
  const events = new EventEmitter()
  const log: string[] = []
  const exits: Ending[] = []
  const pipeline = fakePipeline()
  let resolveExited: (ending: Ending) => void
  const exited = new Promise<Ending>(resolve => { resolveExited = resolve })
  const timers: Array<{ expire: () => void, delayMs: number }> = []
  const clock: Clock = {
    now: () => 0,
    wallTime: () => 0,
    setTimer: (expire, delayMs) => {
      timers.push({ expire, delayMs })
      return { clear: () => {} }
    }
  }
  const lifecycle = new ServiceLifecycle({
    graceMs,
    clock,
    logger: { info: () => { log.push('info') }, warn: () => { log.push('warn') }, fatal: () => { log.push('fatal') } },
    exit: ending => {
      exits.push(ending)
      resolveExited(ending)
    }
  })
  lifecycle.listen(events)
  if (own) lifecycle.own(pipeline)
  return { events, pipeline, exited, exits, log, timers }
}

function fakePipeline () {
  const calls: string[] = []
  let finish: (end: RunEnd) => void = () => {}
  const ended = new Promise<RunEnd>(resolve => { finish = resolve })
  return { ended, calls, finish: (end: RunEnd) => finish(end), stop: () => { calls.push('stop') }, abort: () => { calls.push('abort') } }
}
