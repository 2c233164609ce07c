import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createTestFolder } from '../helpers/stack.js'
import { readBugs, type Bug, type NamedTest } from './bug.js'
import { copyProject, plant } from './project-copy.js'
import { runTest, type TestResult } from './run-test.js'
import { renderTable, type Catch } from './table.js'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const BUGS = join(ROOT, 'test', 'planted', 'bugs')
/** Bugs at a time. */
const JOBS = 2

/** Some bugs by name instead of all: `npm run test:planted -- <name>…` */
const NAMES = (process.env['PLANTED_BUGS'] ?? '').split(',').filter(name => name !== '')

const all = readBugs(BUGS)
const bugs = NAMES.length === 0 ? all : all.filter(({ name }) => NAMES.includes(name))
const folder = createTestFolder(t)
const sound = join(folder, 'sound')
const controls = new Map<string, Promise<TestResult>>()
const catches: Catch[] = []

for (const name of NAMES) if (!all.some(bug => bug.name === name)) t.fail(`no bug has the name ${name}`, { bugs: all.map(bug => bug.name) })
copyProject(ROOT, sound)

t.jobs = JOBS
await Promise.all(bugs.map(async bug => { await t.test(`${bug.name} turns red`, { buffered: true }, async t => { await hunt(t, bug) }) }))
for (const line of renderTable(catches)) t.comment(`figures: ${line}`)

/** Each of the tests that are named for the bug passes without it and fails with it. */
async function hunt (t: Test, bug: Bug): Promise<void> {
  const copy = join(folder, bug.name)
  copyProject(sound, copy)
  plant(bug, copy)
  for (const test of bug.caughtBy) {
    const control = await controlOf(test)
    if (!t.equal(control.end, 'passed', `green without the bug: ${test.title}`, { file: test.file, tail: control.tail })) continue
    const startedAt = Date.now()
    const { end, assertion, tail } = await runTest(copy, test, test.args)
    const caught = t.equal(end, 'failed', `red with the bug: ${test.title}`, { file: test.file, tail })
    catches.push({ bug, test, caught, ms: Date.now() - startedAt })
    if (assertion !== undefined) t.comment(`${test.file}: ${assertion}`)
  }
}

/** Run once, however many bugs name it. */
async function controlOf (test: NamedTest): Promise<TestResult> {
  const key = `${test.file}: ${test.title}`
  const run = controls.get(key) ?? runTest(sound, test, test.controlArgs)
  controls.set(key, run)
  return await run
}
