import t from 'tap'
import { importScript } from './import-script.js'

interface FileResult { file: string, ok: boolean, hasCrashed: boolean, passed: number, failed: number, skipped: number, output: string[] }
interface Reader { passed: number, failed: number, skipped: number, currentFile: string | undefined, push: (line: string) => void }

const { TapReader } = await importScript<{ TapReader: new (onFile: (result: FileResult) => void) => Reader }>('tap-reader.mjs')

function read (text: string) {
  const files: FileResult[] = []
  const reader = new TapReader(result => files.push(result))
  for (const line of text.split('\n')) reader.push(line)
  return { reader, files }
}

t.test('the tests of each file are counted, not their assertions', async t => {
  const { reader, files } = read(`TAP version 14
# Subtest: a.test.js
    # Subtest: adds
        ok 1 - should be equal
        ok 2 - should be equal
        1..2
    ok 1 - adds # time=2.7ms

    ok 2 - bare assertion
    1..2
ok 1 - a.test.js # time=10.1ms

# Subtest: b.test.js
    # Subtest: fails
        not ok 1 - should be equal
          ---
          diff: "..."
          ...
        1..1
    not ok 1 - fails # time=9ms
    ok 2 - is left out # SKIP no reason
    1..2
not ok 2 - b.test.js # time=10.1ms
1..2`)
  t.match(reader, { passed: 2, failed: 1, skipped: 1 })
  t.match(files, [{ file: 'a.test.js', ok: true, passed: 2 }, { file: 'b.test.js', ok: false, failed: 1, skipped: 1 }])
})

t.test('a file that crashes after its tests passed is one failure', async t => {
  const { reader, files } = read(`# Subtest: c.test.js
    ok 1 - should be truthy
not ok 1 - c.test.js # time=718ms
  ---
  signal: SIGKILL
  ...`)
  t.match(reader, { passed: 1, failed: 1 })
  t.match(files, [{ ok: false, hasCrashed: true }])
})

t.test('a failure outside of every file and a bail out are failures', async t => {
  t.match(read('not ok 6 - timeout!').reader, { passed: 0, failed: 1 })
  t.match(read('# Subtest: a\n    ok 1 - fine\nBail out! no more').reader, { failed: 1 })
})

t.test('a run without tests counts nothing', async t => {
  t.match(read('TAP version 14\n1..0 # no tests').reader, { passed: 0, failed: 0 })
})
