import { hash } from 'node:crypto'
import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { type LedgerEntry, readLedger } from '../../../src/generator/ledger.js'
import { produceEvents, type ProduceOptions } from '../../../src/generator/produce-events.js'
import { compileExamine } from '../../../src/pipelines/events/examine.js'
import { EXAMINE_OPTIONS } from '../../fixtures/events.js'

const RUN = { count: 3_000, invalidShare: 0.05, extraShare: 0.3, seed: 7 }

async function entriesOf (path: string): Promise<LedgerEntry[]> {
  const entries: LedgerEntry[] = []
  await readLedger(path, entry => entries.push(entry))
  return entries
}

function linesOf (path: string): Buffer[] {
  const bytes = readFileSync(path)
  const lines: Buffer[] = []
  for (let start = 0, end = bytes.indexOf(10); end >= 0; start = end + 1, end = bytes.indexOf(10, start)) lines.push(bytes.subarray(start, end))
  return lines
}

t.test('the ledger says of every line of the file what the examination says of it', async t => {
  const file = join(t.testdir(), 'events.txt')
  const ledger = `${file}.ledger`
  const summary = await produceEvents({ ...RUN, to: { file }, ledger })
  const [entries, lines] = [await entriesOf(ledger), linesOf(file)]
  const examine = compileExamine(EXAMINE_OPTIONS)
  t.equal(lines.length, RUN.count)
  t.match(summary, { acknowledged: RUN.count, valid: RUN.count * 0.95, failed: 0, stopped: false })
  t.equal(new Set(entries.map(({ uid }) => uid)).size, RUN.count, 'no uid twice')
  t.ok(summary.invalidByKind.size > 100, 'every kind that fits a line')
  for (const [index, entry] of entries.entries()) {
    const line = lines[index]!
    const verdict = examine(line)
    if (entry.sha256 !== hash('sha256', line) || entry.bytes !== line.length) t.fail(`bytes of ${index}`)
    if ((verdict.class === 'valid' ? 'valid' : verdict.code) !== entry.expected) t.fail(`${entry.kind} at ${index}`)
  }
})

t.test('the same seed makes the same file, another seed another', async t => {
  const dir = t.testdir()
  for (const [name, seed] of [['a', 1], ['b', 1], ['c', 2]] as const) await produceEvents({ ...RUN, seed, to: { file: join(dir, name) } })
  t.ok(readFileSync(join(dir, 'a')).equals(readFileSync(join(dir, 'b'))))
  t.notOk(readFileSync(join(dir, 'a')).equals(readFileSync(join(dir, 'c'))))
})

t.test('a run that was stopped goes on where it was', async t => {
  const dir = t.testdir()
  const stop = new AbortController()
  const options: ProduceOptions = { ...RUN, to: { file: join(dir, 'events.txt') }, ledger: join(dir, 'ledger') }
  const first = await produceEvents({ ...options, ratePerSecond: 5_000, signal: stop.signal, onProgress: () => stop.abort() })
  t.ok(first.stopped)
  t.ok(first.acknowledged > 0 && first.acknowledged < RUN.count)
  t.equal(linesOf(join(dir, 'events.txt')).length, first.acknowledged, 'what was written is acknowledged')
  const second = await produceEvents({ ...options, resume: true })
  t.match(second, { skipped: first.acknowledged, acknowledged: RUN.count - first.acknowledged })
  await produceEvents({ ...RUN, to: { file: join(dir, 'whole') } })
  t.ok(readFileSync(join(dir, 'events.txt')).equals(readFileSync(join(dir, 'whole'))))
  t.same((await entriesOf(join(dir, 'ledger'))).map(({ index }) => index), Array.from({ length: RUN.count }, (_, index) => index))
})

t.test('a crash between file and ledger, or in the middle of a line, leaves nothing twice', async t => {
  const dir = t.testdir()
  const [file, ledger, whole] = [join(dir, 'events.txt'), join(dir, 'ledger'), join(dir, 'whole')]
  await produceEvents({ ...RUN, to: { file: whole } })
  await produceEvents({ ...RUN, to: { file }, ledger })
  const cut = readFileSync(ledger).lastIndexOf('"index":2000')
  truncateSync(ledger, cut + 9)
  appendFileSync(file, '{"uid":"half a li')
  t.match(await produceEvents({ ...RUN, to: { file }, ledger, resume: true }), { skipped: 2_000, acknowledged: 1_000 })
  t.ok(readFileSync(file).equals(readFileSync(whole)))
  t.equal((await entriesOf(ledger)).length, RUN.count)
})

t.test('a ledger of another run, none, or a file that exists is refused', async t => {
  const dir = t.testdir({ text: 'hello\n', empty: '' })
  const [file, ledger] = [join(dir, 'events.txt'), join(dir, 'ledger')]
  await produceEvents({ ...RUN, to: { file }, ledger })
  await t.rejects(produceEvents({ ...RUN, seed: 8, to: { file }, ledger, resume: true }), /belongs to another run/)
  await t.rejects(produceEvents({ ...RUN, to: { file }, resume: true }), /needs the ledger/)
  await t.rejects(produceEvents({ ...RUN, to: { file }, ledger: join(dir, 'text'), resume: true }), /is no ledger/)
  await t.rejects(produceEvents({ ...RUN, to: { file }, ledger: join(dir, 'empty'), resume: true }), /is no ledger/)
  await t.rejects(produceEvents({ ...RUN, to: { file } }), /exists/)
  await t.rejects(produceEvents({ ...RUN, to: { file: join(dir, 'new') }, invalidKinds: ['tombstone', 'nonsense'] }), /"nonsense" is unknown[^]*|"tombstone" can not/)
  truncateSync(file, 10)
  await t.rejects(produceEvents({ ...RUN, to: { file }, ledger, resume: true }), /shorter than its ledger/)
})

t.test('lines of a foreign file are sent as they are', async t => {
  const dir = t.testdir()
  const [from, file, ledger] = [join(dir, 'from'), join(dir, 'to'), join(dir, 'ledger')]
  const bytes = Buffer.concat([Buffer.from('{"uid":"a\u2028","client":"b"}\r\n\n'), Buffer.from([0xFF, 0xFE, 0x0A]), Buffer.from('no line feed')])
  writeFileSync(from, bytes)
  await produceEvents({ from, to: { file }, ledger })
  t.ok(readFileSync(file).equals(Buffer.concat([bytes, Buffer.from('\n')])))
  t.match(await entriesOf(ledger), [
    { uid: 'a\u2028', client: 'b', expected: 'unknown', place: { line: 1 } },
    { bytes: 0, place: { line: 2 } },
    { sha256: hash('sha256', Buffer.from([0xFF, 0xFE])) },
    { place: { line: 4 } }
  ])
})
