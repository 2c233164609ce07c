import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { importScript } from './import-script.js'

const { SUITES } = await importScript<{ SUITES: Record<string, unknown> }>('run-tests.mjs')
const TESTS = join(import.meta.dirname, '..', '..', '..', '..', 'test')

t.test('Every folder that holds tests is a suite, which `npm test` runs', async t => {
  const folders = readdirSync(TESTS, { recursive: true, encoding: 'utf8' })
    .filter(file => file.endsWith('.test.ts'))
    .map(file => file.split(/[/\\]/)[0])
  t.same([...new Set(folders)].sort(), Object.keys(SUITES).sort())
})
