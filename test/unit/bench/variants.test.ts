import t from 'tap'
import { parseVariants } from '../../../bench/events/variants.js'

t.test('a variant is a program with variables', async t => {
  const [tuned, sdk, naive, chunk, before] = parseVariants('tuned,sdk,naive-12,chunk:CHUNK_RECORDS=1000:A=b:c,before@/tmp/before:SQS_QUEUE_URLS=http://x:1/y')
  t.match(tuned?.command, [/\/dist\/src\/cli\/launcher\.js$/, 'run', 'events'])
  t.strictSame([tuned?.env, tuned?.naive], [{}, false])
  t.strictSame(sdk?.env, { AWS_TRANSPORT: 'sdk' })
  t.match(naive, { name: 'naive-12', command: [/\/bench\/naive\/naive\.js$/, '12'], env: {}, naive: true })
  t.strictSame(chunk?.env, { CHUNK_RECORDS: '1000', A: 'b:c' })
  t.match(before, { name: 'before', command: ['/tmp/before/dist/src/cli/launcher.js', 'run', 'events'], env: { SQS_QUEUE_URLS: 'http://x:1/y' } })
})

t.test('names are needed, and tell variants from each other', async t => {
  t.throws(() => parseVariants('tuned,tuned'), /same name/)
  t.throws(() => parseVariants('tuned,,sdk'), /no name/)
})
