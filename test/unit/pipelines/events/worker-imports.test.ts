import { execFileSync } from 'node:child_process'
import t from 'tap'

const CHUNKS = new URL('../../../../src/pipelines/events/event-chunks.js', import.meta.url).href

/** What is loaded to examine and encode events, in a process of its own. */
function loaded (alsoImported: string): string[] {
  const script = `
    import { createRequire } from 'node:module'
    await import('${CHUNKS}')
    await import('${alsoImported}')
    console.log(JSON.stringify(Object.keys(createRequire('${CHUNKS}').cache)))`
  return JSON.parse(execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '' } })) as string[]
}

t.test('a worker loads nothing of the AWS SDK, which would make it start slowly', async t => {
  const ofSdk = (files: readonly string[]): string[] => files.filter(file => /@aws-sdk|@smithy/.test(file))
  t.strictSame(ofSdk(loaded('node:path')), [])
  const rows = new URL('../../../../src/connectors/dynamodb/put-newest.js', import.meta.url).href
  t.ok(ofSdk(loaded(rows)).length > 0, 'it would be seen')
})
