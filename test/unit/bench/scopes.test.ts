import { execFile } from 'node:child_process'
import { readdir } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import t from 'tap'

const BENCH = new URL('../../../bench/', import.meta.url)

t.test('every file that exports a scope is one of the help, and says what it measures', async t => {
  const { stdout: help } = await promisify(execFile)(process.execPath, [fileURLToPath(new URL('bench.js', BENCH)), '--help'])
  const listed = [...help.matchAll(/^ {2}(\S+) \[options\] +(\S.*)$/gm)].map(([, name]) => name)
  t.strictSame([...listed].sort(), await scopes())
})

async function scopes (): Promise<string[]> {
  const files = (await readdir(BENCH)).filter(file => file.endsWith('.js') && file !== 'bench.js')
  const modules = await Promise.all(files.map(async file => ({ file, exports: await import(new URL(file, BENCH).href) as object })))
  return modules.filter(({ exports }) => 'scope' in exports).map(({ file }) => file.slice(0, -'.js'.length)).sort()
}
