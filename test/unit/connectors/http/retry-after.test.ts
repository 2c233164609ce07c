import t from 'tap'
import { retryAfterMs } from '../../../../src/connectors/http/retry-after.js'

const NOW = Date.UTC(2026, 10, 21, 12, 0, 0)

t.test('seconds and dates are understood', async t => {
  t.equal(retryAfterMs('0', NOW, 60_000), 0)
  t.equal(retryAfterMs(' 7 ', NOW, 60_000), 7_000)
  t.equal(retryAfterMs(['3', '9'], NOW, 60_000), 3_000)
  t.equal(retryAfterMs('Sat, 21 Nov 2026 12:00:09 GMT', NOW, 60_000), 9_000)
})

t.test('a pause is never longer than the cap, and never negative', async t => {
  t.equal(retryAfterMs('86400', NOW, 60_000), 60_000)
  t.equal(retryAfterMs('9'.repeat(400), NOW, 60_000), 60_000)
  t.equal(retryAfterMs('Sun, 22 Nov 2026 12:00:00 GMT', NOW, 60_000), 60_000)
  t.equal(retryAfterMs('Fri, 20 Nov 2026 12:00:00 GMT', NOW, 60_000), 0)
})

t.test('what can not be understood asks for nothing', async t => {
  for (const header of [undefined, '', 'soon', '-1', '1.5', '2026-11-21', 'Mon', 'Mon, no date', '0x10', [] as string[]]) t.equal(retryAfterMs(header, NOW, 60_000), undefined, String(header))
})
