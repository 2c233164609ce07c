import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { createResult, type Figures, readResult } from '../../../bench/report.js'
import { writeResult } from '../../../bench/write-results.js'

const NO_SUMMARY = '# A project\n'

t.test('a result is kept, and its section is replaced without touching what stands around it', async t => {
  const project = createProject(NO_SUMMARY, '# Results\n\n<!-- bench:events-tls -->\nold\n<!-- /bench -->\n\nby hand\n')
  const result = createResult('events', { variants: { tuned: [{ 'events/s': 4_321 }] }, setting: 'tls' })
  writeResult(result, project)
  t.strictSame(readResult(join(project, 'bench/results/events-tls.json')), result)
  t.match(read(project, 'bench/RESULTS.md'), /^# Results\n\n<!-- bench:events-tls -->\nevents, tls: [^]*\| events\/s \| 4,321 \|\n<!-- \/bench -->\n\nby hand\n$/)
})

t.test('a new section goes to the end', async t => {
  const project = createProject(NO_SUMMARY, 'by hand\n')
  for (const scope of ['one', 'two', 'one']) writeResult(createResult(scope, { variants: { a: [{ µs: 1 }] } }), project)
  t.match(read(project, 'bench/RESULTS.md'), /^by hand\n\n<!-- bench:one -->\n[^]*<!-- \/bench -->\n\n<!-- bench:two -->\n[^]*<!-- \/bench -->\n$/)
  t.equal(read(project, 'bench/RESULTS.md').match(/<!-- bench:one -->/g)?.length, 1)
  t.equal(read(project, 'README.md'), NO_SUMMARY, 'a README without the mark stays as it is')
})

t.test('the README has what was measured so far, of all results', async t => {
  const project = createProject('before\n<!-- bench:summary -->\n<!-- /bench -->\nafter\n')
  write(project, 'plain-0ms', { tuned: { 'events/s': 50_000, 'CPU µs/event': 17.84, 'rows per write': 24.96, 'messages per send': 9.9 }, sdk: { 'CPU µs/event': 81 } })
  write(project, 'plain-10ms', { tuned: { 'events/s': 40_000 }, 'naive-1': { 'events/s': 40 }, 'naive-12': { 'events/s': 450 } })
  writeResult(createResult('latency', { variants: { tuned: [{ 'p50 ms at 1/s': 30, 'p99 ms at 1/s': 12, 'p99 ms at 3000/s': 23.4 }] }, setting: 'plain-0ms' }), project)
  const readme = read(project, 'README.md')
  t.match(readme, /^before\n<!-- bench:summary -->\n\| \| \|\n[^]*<!-- \/bench -->\nafter\n$/)
  for (const row of [
    'events/s, one process | 50,000', 'CPU an event, all threads | 17.8 µs', '`AWS_TRANSPORT=sdk`) | 81.0 µs', 'a SendMessageBatch | 25.0 of 25, 9.9 of 10',
    '10 ms | 40,000', '100 workers | 1000 ×, 89 ×, –', '99 % within | 23.4 ms'
  ]) t.ok(readme.includes(`${row} |`), row)
  t.notMatch(readme, /TLS|2,000,000/, 'and nothing of what was not')
})

function createProject (readme: string, results = ''): string {
  const project = mkdtempSync(join(tmpdir(), 'bench-results-'))
  mkdirSync(join(project, 'bench'))
  writeFileSync(join(project, 'README.md'), readme)
  writeFileSync(join(project, 'bench/RESULTS.md'), results)
  return project
}

function read (project: string, file: string): string {
  return readFileSync(join(project, file), 'utf8')
}

function write (project: string, setting: string, figures: Readonly<Record<string, Figures>>): void {
  const variants = Object.fromEntries(Object.entries(figures).map(([name, run]) => [name, [run]]))
  writeResult(createResult('events', { variants, setting }), project)
}
