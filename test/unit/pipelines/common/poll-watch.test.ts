import t from 'tap'
import { PollWatch } from '../../../../src/pipelines/common/poll-watch.js'

t.test('polls are silent for good when none has come back over the limit', async t => {
  const watch = new PollWatch(1_000, 3_000)
  t.same([7, 7, 7, 7].map(polls => watch.isSilent(polls)), [false, false, false, false])
  t.equal(watch.isSilent(7), true)
})

t.test('a poll that comes back starts the time anew', async t => {
  const watch = new PollWatch(1_000, 3_000)
  t.same([1, 1, 1, 2, 2, 2, 2].map(polls => watch.isSilent(polls)), Array(7).fill(false))
  t.equal(watch.isSilent(2), true)
})

t.test('before there is anything to poll, no silence is too long', async t => {
  const watch = new PollWatch(1_000, 3_000)
  for (let look = 0; look < 100; look++) t.equal(watch.isSilent(undefined), false)
})
