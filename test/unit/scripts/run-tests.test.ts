import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { importScript } from './import-script.js'

interface Selection {
  readonly files: readonly string[]
  readonly times: number
}

const { SUITES, selectTests } = await importScript<{
  SUITES: Record<string, unknown>
  selectTests: (root: string, args: readonly string[]) => Selection
}>('run-tests.mjs')
const ROOT = join(import.meta.dirname, '..', '..', '..', '..')
const TESTS = join(ROOT, 'test')

t.test('Every folder that holds tests is a suite, which `npm test` runs', async t => {
  const folders = readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.test.ts'))
    .map(file => file.split(/[/\\]/)[0])
  t.same([...new Set(folders)].sort(), Object.keys(SUITES).sort())
})

t.test('A suite, some files, or everything may be asked for', async t => {
  const built = (file: string): string => join(ROOT, 'dist', 'test', file)
  const all = selectTests(ROOT, [])
  t.equal(all.times, 1)
  t.ok(all.files.includes(built('unit/scripts/run-tests.test.js')) && all.files.some(file => file.startsWith(built('faults'))))
  t.same(selectTests(ROOT, ['all']).files, all.files)
  const simulation = selectTests(ROOT, ['simulation']).files
  t.ok(simulation.length > 0 && simulation.every(file => file.startsWith(built('simulation'))))
  t.same(selectTests(ROOT, ['test/unit/engine/window.test.ts']).files, [built('unit/engine/window.test.js')])
  t.same(selectTests(ROOT, ['faults', 'test/faults/a.test.ts']).files, [built('faults/a.test.js')])
})

t.test('The core of the fault suite exists, and may be run many times', async t => {
  const { files, times } = selectTests(ROOT, ['core', '--times', '20'])
  t.equal(times, 20)
  t.ok(files.length > 0)
  t.same(files.filter(file => !existsSync(file)), [])
})

t.test('What is no number of times, and what is no option, is refused', async t => {
  for (const args of [['--times', '0'], ['--times', 'often'], ['--time', '3']]) t.throws(() => selectTests(ROOT, args), { message: /--time/ })
})
