import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { renderMarkdown, renderText } from '../../../bench/render.js'
import { createResult, medians, readResult } from '../../../bench/report.js'

const RUNS = [{ 'events/s': 900, 'CPU µs/event': 20 }, { 'events/s': 50_000.4, 'CPU µs/event': 0.123 }, { 'events/s': 1_000, 'CPU µs/event': 18.26 }]

t.test('the median of each figure is its own; an even number of runs has the upper one', async t => {
  t.strictSame(medians(RUNS), { 'events/s': 1_000, 'CPU µs/event': 18.26 })
  t.strictSame(medians([{ a: 1 }, { a: 2, b: 3 }]), { a: 2, b: 3 })
})

t.test('a result says where it comes from, and is read again as it was written', async t => {
  const result = createResult('events', { variants: { tuned: RUNS }, setting: 'tls', notes: ['a note'] })
  t.match(result, { scope: 'events', setting: 'tls', command: /^npm run bench -- /, date: /^\d{4}-/, machine: { node: process.version }, notes: ['a note'] })
  const file = join(mkdtempSync(join(tmpdir(), 'bench-report-')), 'result.json')
  writeFileSync(file, JSON.stringify(result))
  t.strictSame(readResult(file), result)
  writeFileSync(file, '{"runs":[]}')
  t.throws(() => readResult(file), /no result/)
})

t.test('few variants are columns, many are rows; figures have as many digits as say something', async t => {
  const few = createResult('events', { variants: { nothing: [{ 'events/s': 1_234_567 }], tuned: RUNS } })
  t.match(renderText(few), /^events: median of 3/)
  t.match(renderText(few), /\n +nothing +tuned\nevents\/s +1,234,567 +1,000 \(900 – 50,000\)\nCPU µs\/event +18\.3 \(0\.12 – 20\.0\)/)
  const many = createResult('validate', { variants: { a: [{ µs: 1 }], b: [{ µs: 2 }] } })
  t.match(renderMarkdown(many), /\n\| +\| µs \|\n\| --- \| ---: \|\n\| a \| 1\.0 \|\n\| b \| 2\.0 \|/)
})

t.test('with an earlier result the ratio stands beside each figure that both have', async t => {
  const earlier = createResult('events', { variants: { tuned: [{ 'events/s': 500 }] } })
  const text = renderText(createResult('events', { variants: { tuned: RUNS, other: RUNS } }), earlier)
  t.match(text, /events\/s +1,000 \(900 – 50,000\) ×2\.00 +1,000 \(900 – 50,000\)\n/)
  t.notMatch(text, /CPU.*×/)
})
