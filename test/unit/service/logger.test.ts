import t from 'tap'
import { createLogger, type Logger } from '../../../src/service/logger.js'

t.test('A line is one JSON object with an ISO time and the level as text', async t => {
  const { logger, lines } = recording()
  logger.warn({ partition: 3 }, 'slow')
  const [line] = lines
  t.match(JSON.parse(line ?? ''), { level: 'warn', partition: 3, message: 'slow', time: /^\d{4}-\d\d-\d\dT.*Z$/ })
})

t.test('Control characters can not make a second line', async t => {
  const { logger, lines } = recording()
  logger.info({ text: 'a\nb\r\u0000\u001b[31m' }, 'x\n{"level":"fatal"}')
  t.equal(lines.length, 1)
  t.equal(lines[0]?.trimEnd().includes('\n'), false)
  t.notMatch(lines[0]?.trimEnd(), /\p{Cc}/u)
})

t.test('Long texts are cut, in messages, fields and errors', async t => {
  const { logger, lines } = recording()
  const long = 'x'.repeat(1_000_000)
  logger.error({ field: long, error: new Error(long, { cause: new Error(long) }) }, long)
  t.ok((lines[0]?.length ?? Infinity) < 50_000)
  t.match(JSON.parse(lines[0] ?? ''), { field: /1000000 characters/, error: { name: 'Error', cause: { name: 'Error' } } })
})

t.test('A secret never appears, wherever it comes from', async t => {
  const secret = 'p"a\\ss\nword'
  const { logger, lines } = recording([secret, ''])
  logger.error({ error: new Error(`login with ${secret} failed`), url: `http://u:${secret}@h` }, `tried ${secret}`)
  const text = lines.join('')
  t.notMatch(text, JSON.stringify(secret).slice(1, -1))
  t.equal(text.match(/\[redacted\]/g)?.length, 4, 'message, stack, field and text')
  t.doesNotThrow(() => JSON.parse(text))
})

t.test('Whatever was thrown can be logged', async t => {
  const { logger, lines } = recording()
  const ring = new Error('ring')
  ring.cause = ring
  for (const thrown of [undefined, null, {}, 'text', Symbol('s'), Object.create(null), ring]) logger.error({ error: thrown }, 'thrown')
  t.equal(lines.length, 7)
  for (const line of lines) t.doesNotThrow(() => JSON.parse(line))
})

function recording (secrets: readonly string[] = []): { logger: Logger, lines: string[] } {
  const lines: string[] = []
  return { logger: createLogger({ level: 'info', secrets, destination: { write: line => { lines.push(line) } } }), lines }
}
