import { spawn } from 'node:child_process'
import { availableParallelism } from 'node:os'
import t from 'tap'
import { Stopwatch } from '../../helpers/stopwatch.js'
import { until } from '../../helpers/until.js'

t.test('what processes below this one wait for a processor is excused, and at most three quarters of the time', async t => {
  const busy = Array.from({ length: 2 * availableParallelism() }, () => spawn(process.execPath, ['-e', 'for (;;);']))
  t.teardown(() => { for (const child of busy) child.kill('SIGKILL') })
  const watch = new Stopwatch()
  await until(() => watch.elapsedMs - watch.ownMs > 500)
  const before = watch.elapsedMs
  const ownMs = watch.ownMs
  t.ok(ownMs >= Math.floor(before / 4), `${ownMs} of ${before}`)
})

t.test('a time in which nothing waits is not excused', async t => {
  const watch = new Stopwatch()
  const before = watch.elapsedMs
  t.ok(watch.ownMs >= Math.floor(before / 4))
  t.ok(watch.ownMs <= Math.ceil(watch.elapsedMs))
})
