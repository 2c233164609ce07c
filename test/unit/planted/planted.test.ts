import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { applyPatch } from '../../planted/apply-patch.js'
import { readBugs, type NamedTest } from '../../planted/bug.js'
import { runTest } from '../../planted/run-test.js'

const NAMED: NamedTest = { file: 'test/named.test.ts', title: 'it holds #1 (always)', args: [], controlArgs: [], timeoutSeconds: 20 }

const DIFF = `diff --git a/src/sum.ts b/src/sum.ts
--- a/src/sum.ts
+++ b/src/sum.ts
@@ -5,3 +5,3 @@
 /** A sum. */
-export const sum = (a, b) => a + b
+export const sum = (a, b) => a - b
 /** Its end. */
`

/** A project that is nothing but a built test, which writes these lines. */
function projectThat (t: Test, script: string): string {
  const root = t.testdir()
  mkdirSync(join(root, 'dist', 'test'), { recursive: true })
  writeFileSync(join(root, 'dist', 'test', 'named.test.js'), script)
  return root
}

const saying = (...lines: string[]): string => lines.map(line => `console.log(${JSON.stringify(line)})\n`).join('')

t.test('a bug is caught only by the failure of the very test that is named', async t => {
  for (const [what, end, script] of [
    ['it fails', 'failed', saying('    ok 1 - one', '    not ok 2 - two', 'not ok 1 - it holds \\#1 (always) # time=3ms', '1..1')],
    ['it passes, and another fails', 'passed', saying('not ok 1 - another', 'ok 2 - it holds \\#1 (always) # time=3ms', '1..2')],
    ['it was not run', 'skipped', saying('ok 1 - it holds \\#1 (always) # SKIP filter', '1..1')],
    ['the file ends before it', 'missing', saying('ok 1 - another')],
    ['the file does not load', 'missing', 'import "./no-such-file.mjs"']
  ] as const) {
    t.equal((await runTest(projectThat(t, script), NAMED, [])).end, end, what)
  }
})

t.test('of a failure the first assertion is told, and the end of what was written', async t => {
  const { assertion, tail } = await runTest(projectThat(t, saying('    ok 1 - one', '    not ok 2 - two', '    not ok 3 - three', 'not ok 1 - it holds \\#1 (always)')), NAMED, [])
  t.equal(assertion, 'two')
  t.match(tail, /not ok 3 - three/)
})

t.test('a patch is applied wherever its lines are now, and told to be made anew where they are gone', async t => {
  const root = t.testdir({ 'sum.patch': `Bug: subtracts\n\n${DIFF}`, src: { 'sum.ts': '// new\n// lines\n/** A sum. */\nexport const sum = (a, b) => a + b\n/** Its end. */\n' } })
  applyPatch(join(root, 'sum.patch'), root)
  t.match(readFileSync(join(root, 'src', 'sum.ts'), 'utf8'), /a - b/)
  t.throws(() => { applyPatch(join(root, 'sum.patch'), root) }, /no longer applies.*README/)
})

t.test('a patch says what it does, what it breaks and who finds it, and changes nothing but sources', async t => {
  const head = 'Bug: subtracts\nPromise: sums\nCaught by: test/unit/sum.test.ts: one and one: two\nCaught by: the simulation\n\n'
  const [bug] = readBugs(t.testdir({ 'wrong-sum.patch': head + DIFF }))
  t.match(bug, {
    name: 'wrong-sum', does: 'subtracts', promise: 'sums', sources: ['src/sum.ts'], caughtBy: [{ file: 'test/unit/sum.test.ts', title: 'one and one: two' }, { file: /simulation/ }]
  })
  for (const broken of [DIFF, head.replace(/Caught by: .*\n/g, '') + DIFF, head.replace('.test.ts: one', '') + DIFF, head + DIFF.replaceAll('src/', 'test/')]) {
    t.throws(() => readBugs(t.testdir({ 'wrong-sum.patch': broken })), /wrong-sum\.patch: /)
  }
})
