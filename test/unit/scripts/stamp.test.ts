import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { importScript } from './import-script.js'

const { hashInputs, listFiles, readStamp, removeStamp, writeStamp } = await importScript<{
  hashInputs: (files: string[], words?: string[]) => string
  listFiles: (folder: string, ending: string) => string[]
  readStamp: (folder: string, step: string) => string | undefined
  removeStamp: (folder: string, step: string) => void
  writeStamp: (folder: string, step: string, hash: string) => void
}>('stamp.mjs')

t.test('the hash changes with a file\'s content, its absence and the words', async t => {
  const dir = t.testdir({ 'a.json': '1' })
  const file = join(dir, 'a.json')
  const before = hashInputs([file], ['x'])
  t.equal(hashInputs([file], ['x']), before)
  t.not(hashInputs([file], ['y']), before)
  t.not(hashInputs([join(dir, 'missing')], ['x']), before)
  writeFileSync(file, '2')
  t.not(hashInputs([file], ['x']), before)
})

t.test('files are listed by their ending, below folders too, without node_modules', async t => {
  const dir = t.testdir({ 'b.ts': '', sub: { 'a.ts': '', 'c.js': '' }, node_modules: { 'd.ts': '' } })
  t.same(listFiles(dir, '.ts'), [join(dir, 'b.ts'), join(dir, 'sub', 'a.ts')])
  t.same(listFiles(join(dir, 'missing'), '.ts'), [])
})

t.test('a stamp is what was written until it is removed', async t => {
  const dir = join(t.testdir(), 'state')
  t.equal(readStamp(dir, 'install'), undefined)
  writeStamp(dir, 'install', 'abc')
  t.equal(readStamp(dir, 'install'), 'abc')
  removeStamp(dir, 'install')
  t.equal(readStamp(dir, 'install'), undefined)
})
