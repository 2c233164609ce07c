import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createKeptFolder, createPassingFolder } from '../../../../src/cli/demo/folder.js'
import { UsageError } from '../../../../src/errors.js'
import { adoptProcess } from '../../../../src/stack/detached-stack.js'

t.test('a passing folder is of this process, and those of dead processes go', t => {
  const base = t.testdir()
  const { pid: dead } = spawnSync(process.execPath, ['-e', '0'])
  mkdirSync(join(base, `penstock-demo-${dead}-abc`))
  mkdirSync(join(base, 'somebody-else'))
  const first = createPassingFolder(base)
  const second = createPassingFolder(base)
  t.notOk(existsSync(join(base, `penstock-demo-${dead}-abc`)))
  t.ok(existsSync(first) && existsSync(second) && existsSync(join(base, 'somebody-else')))
  t.end()
})

t.test('a kept folder starts without the data of an earlier stack', async t => {
  const dir = t.testdir({ kafka: { data: 'old' } })
  t.equal(await createKeptFolder(dir), dir)
  t.notOk(existsSync(join(dir, 'kafka')))
  t.ok(existsSync(dir))
})

t.test('a stack that runs is left alone, with a word about what to do', async t => {
  const dir = t.testdir({ kafka: { data: 'in use' } })
  writeFileSync(join(dir, 'events.txt'), '')
  adoptProcess({ name: 'kafka', pid: process.pid, endpoint: '', ports: [], logFile: '' }, { dir })
  await t.rejects(createKeptFolder(dir), UsageError)
  await t.rejects(createKeptFolder(dir), /kafka of an earlier stack.*stack down/)
  t.ok(existsSync(join(dir, 'kafka', 'data')))
})
