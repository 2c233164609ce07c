import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import t from 'tap'
import { FAILURES } from '../../../src/errors.js'
import { KNOBS } from '../../../src/service/config/pipelines.js'
import { AWS_VARIABLES } from '../../../src/service/config/schema.js'

const PROJECT = new URL('../../../../', import.meta.url)
const README_MAX_LINES = 250

/** Written in capitals, and neither a variable of ours nor a failure code. */
const OTHER_NAMES = new Set(['TOO_LARGE_FOR_DEAD_LETTER', 'NEW_AND_OLD_IMAGES', 'AWS_MAX_ATTEMPTS', 'NODE_ENV', 'NODE_EXTRA_CA_CERTS', 'HTTPS_PROXY', 'EVENTS_FOLDER', 'GLIBC_TUNABLES', 'MALLOC_ARENA_MAX'])

t.test('every link between documents leads to a file and a heading that exist', async t => {
  const headings = new Map((await documents()).map(({ path, text }) => [path, anchorsOf(text)]))
  for (const { path, text } of await documents()) {
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
      const [file = '', anchor] = target.split('#')
      const url = file === '' ? new URL(path, PROJECT) : new URL(file, new URL(path, PROJECT))
      t.ok(existsSync(url), `${path}: ${target}`)
      const known = headings.get(url.href.slice(PROJECT.href.length))
      if (anchor !== undefined && known !== undefined) t.ok(known.has(anchor), `${path}: ${target} names a heading`)
    }
  }
})

t.test('every file that a document names exists', async t => {
  for (const { path, text } of await documents()) {
    for (const [, name = ''] of text.matchAll(/`((?:src|test|resource|workers|bench|scripts|stack|docs)\/[\w./-]*)`/g)) {
      if (/orders/.test(name)) continue // what docs/adding-a-pipeline.md imagines
      t.ok(existsSync(new URL(name, PROJECT)), `${path}: ${name}`)
    }
  }
})

t.test('every variable that a document names is one', async t => {
  const known = new Set([
    ...KNOBS.flatMap(({ variable }) => [variable, `${variable}_FILE`]),
    ...Object.keys(AWS_VARIABLES), ...Object.keys(FAILURES), ...OTHER_NAMES
  ])
  for (const name of await faultParameters()) known.add(`FAULTS_${name}`)
  for (const { path, text } of await documents()) {
    for (const [, name = ''] of text.matchAll(/`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+)(?:=[^`]*)?`/g)) {
      t.ok(known.has(name) || name.startsWith('KAFKA_PROPERTY_'), `${path}: ${name}`)
    }
  }
})

t.test('every metric that a document names is one', async t => {
  const list = await readFile(new URL('docs/metrics.md', PROJECT), 'utf8')
  for (const { path, text } of await documents()) {
    for (const [name] of text.matchAll(/\bpenstock_\w+/g)) {
      const metric = name.replace(/_(?:sum|count|bucket)$/, '')
      t.ok(list.includes(`| \`${metric}\` |`), `${path}: ${name}`)
    }
  }
})

t.test('every metric of the table of faults is one', async t => {
  const list = await readFile(new URL('docs/metrics.md', PROJECT), 'utf8')
  const text = await readFile(new URL('docs/guarantees.md', PROJECT), 'utf8')
  const [, section = ''] = /## 11\.[^\n]*\n([^]*?)\n## /.exec(text) ?? []
  const metrics = [...section.matchAll(/`((?:[a-z]+_)+total|held)(?:\{[^`]*\})?`/g)].map(([, name = '']) => name)
  t.ok(metrics.length > 20)
  for (const name of metrics) t.ok(list.includes(`| \`penstock_${name}\` |`), name)
})

t.test('every log message that docs/operating.md explains is in the source', async t => {
  const text = await readFile(new URL('docs/operating.md', PROJECT), 'utf8')
  const [, section = ''] = /## What the log says[^\n]*\n([^]*?)\n## /.exec(text) ?? []
  const source = (await Promise.all((await filesIn('src', '.ts')).map(async path => await readFile(new URL(path, PROJECT), 'utf8')))).join('\n')
  const messages = [...section.matchAll(/^\| (`[^|]+`) \|/gm)].flatMap(([, cell = '']) => [...cell.matchAll(/`([^`]+)`/g)].map(([, message = '']) => message))
  t.ok(messages.length > 15)
  for (const message of messages) {
    if (/^(?:partitions assigned|revoked|lost)$/.test(message)) continue // put together: `partitions ${event}`
    t.ok(source.includes(message), message)
  }
})

t.test('the README can be read in one go', async t => {
  const text = await readFile(new URL('README.md', PROJECT), 'utf8')
  t.ok(text.split('\n').length <= README_MAX_LINES)
})

async function documents (): Promise<Array<{ path: string, text: string }>> {
  const paths = ['README.md', ...await filesIn('docs', '.md'), ...await filesIn('src', '.md')]
  return await Promise.all(paths.map(async path => ({ path, text: await readFile(new URL(path, PROJECT), 'utf8') })))
}

async function filesIn (folder: string, extension: string): Promise<string[]> {
  const names = await readdir(new URL(`${folder}/`, PROJECT), { recursive: true })
  return names.filter(name => name.endsWith(extension)).map(name => `${folder}/${name}`)
}

/** As GitHub makes them of headings. */
function anchorsOf (text: string): ReadonlySet<string> {
  const headings = [...text.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => heading)
  return new Set(headings.map(heading => heading.toLowerCase().replace(/[^\w\- ]/g, '').replaceAll(' ', '-')))
}

/** What the fault suite takes from the environment. */
async function faultParameters (): Promise<string[]> {
  const sources = await Promise.all((await filesIn('test/faults', '.ts')).map(async path => await readFile(new URL(path, PROJECT), 'utf8')))
  return sources.flatMap(source => [...source.matchAll(/\bparameter\('(\w+)'/g)].map(([, name = '']) => name))
}
