import t from 'tap'
import { importScript } from './import-script.js'

interface Reader {
  passed: number
  failed: number
  skipped: number
  push: (line: string) => void
  end: (exitCode: number) => string | undefined
}

const { TapReader } = await importScript<{ TapReader: new () => Reader }>('tap-reader.mjs')

function read (text: string, exitCode: number) {
  const reader = new TapReader()
  for (const line of text.split('\n')) reader.push(line)
  const defect = reader.end(exitCode)
  const { passed, failed, skipped } = reader
  return { passed, failed, skipped, defect }
}

t.test('tests are counted, not their assertions', async t => {
  t.same(read(`TAP version 14
# Subtest: adds
    ok 1 - should be equal
    ok 2 - should be equal
    1..2
ok 1 - adds # time=2.7ms

# Subtest: fails
    not ok 1 - should be equal
      ---
      diff: "..."
      ...
    1..1
not ok 2 - fails # time=9ms

ok 3 - is left out # SKIP no reason
1..3`, 1), { passed: 1, failed: 1, skipped: 1, defect: undefined })
})

t.test('a file that ends before its plan has crashed, whatever its exit code', async t => {
  t.match(read('TAP version 14\nok 1 - fine', 0), { passed: 1, failed: 1, defect: /before its tests did, with exit code 0/ })
  t.match(read('', 137), { passed: 0, failed: 1, defect: /exit code 137/ })
})

t.test('a file without tests is a failure', async t => {
  t.match(read('TAP version 14\n1..0 # no tests found', 0), { failed: 1, defect: /no tests/ })
})

t.test('a file whose tests pass and whose process fails is a failure', async t => {
  t.match(read('ok 1 - fine\n1..1', 7), { passed: 1, failed: 1, defect: /exit code 7/ })
})

t.test('a bail out is a failure', async t => {
  t.match(read('ok 1 - fine\nBail out! no more\n1..1', 1), { passed: 1, failed: 1, defect: undefined })
})
