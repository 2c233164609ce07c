import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import t from 'tap'
import { until } from '../../helpers/until.js'
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
  for (const args of [['--times', '0'], ['--times', 'often'], ['--time', '3'], ['--jobs', '0'], ['--jobs', 'many']]) t.throws(() => selectTests(ROOT, args), { message: /--(time|jobs)/ })
  t.match(selectTests(ROOT, ['faults', '--jobs', '2']), { times: 1, jobs: 2 })
})

// A terminal sends SIGINT to the file that runs as well; SIGTERM is passed on to it.
for (const [signal, closingLine] of [['SIGINT', '1 passed, 1 failed'], ['SIGTERM', '0 passed, 2 failed']] as const) {
  t.test(`After ${signal} no further file, suite or round is started, and the run has failed`, async t => {
    const root = t.testdir({ 'package.json': '{"type":"module"}' })
    const suites = Object.keys(SUITES).slice(0, 2)
    for (const suite of suites) {
      mkdirSync(join(root, 'dist', 'test', suite), { recursive: true })
      writeFileSync(join(root, 'dist', 'test', suite, 'a.test.js'), `
        import { setTimeout as wait } from 'node:timers/promises'
        import { writeFileSync } from 'node:fs'
        writeFileSync('${suite}.started', '')
        await wait(500)
        console.log('TAP version 14\\n1..1\\nok 1 - passed')`)
    }
    const script = pathToFileURL(join(ROOT, 'scripts', 'bootstrap', 'run-tests.mjs')).href
    const run = spawn(process.execPath, ['--input-type=module', '-e', `
      import { runTests } from ${JSON.stringify(script)}
      process.exitCode = await runTests(${JSON.stringify(root)}, ['all', '--times', '2'])`], { stdio: ['ignore', 'pipe', 'inherit'] })
    const output = text(run.stdout)
    await until(() => existsSync(join(root, `${suites[0]}.started`)))
    run.kill(signal)
    const [code] = await once(run, 'exit') as [number | null]
    t.equal(code, 1)
    t.notOk(existsSync(join(root, `${suites[1]}.started`)))
    t.equal((await output).trimEnd().split('\n').at(-1), closingLine)
  })
}
