import { spawn } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { runRoutingDemo } from '../../src/cli/demo/run-routing-demo.js'
import { KafkaTarget } from '../../src/generator/kafka-target.js'
import { type MadeRecord } from '../../src/generator/record.js'
import { createTestFolder } from '../helpers/stack.js'

const LAUNCHER = fileURLToPath(new URL('../../src/cli/launcher.js', import.meta.url))

t.test('the routing demo proves every kind of record, and leaves nothing behind', async t => {
  const dir = createTestFolder(t)
  const demo = await runLauncher('demo', 'routing', '--ports', 'free', '--dir', dir, '--events', '400', '--invalid', '0.5', '--fan-out', '0.5')
  t.equal(demo.code, 0, demo.output)
  t.match(demo.output, /produced +500 = 250 valid \+ 250 invalid; \d+ for several destinations[^]*Everything agrees/)
  for (const what of ['messages for FINANCE', 'messages for MARKETING', 'messages for LOGISTICS', 'WRONG_SCHEMA', 'UNKNOWN_SCHEMA', 'NOT_AVRO']) t.match(demo.output, what)
  t.same(readdirSync(dir), [])
})

t.test('a message that nobody produced makes it end with 1 and is named', async t => {
  let output = ''
  const code = await runRoutingDemo({ records: 100, invalid: 0, fanOut: 0, keep: false, seed: 2, ports: 'free', dir: createTestFolder(t) }, {
    write: text => { output += text },
    beforeProof: async (_place, { kafka }) => {
      const target = await KafkaTarget.connect<MadeRecord>({ kafka, topic: 'processor.to.finance' }, () => {})
      void target.write({ index: 0, kind: 'stranger', expected: 'valid', value: Buffer.from('not ours') })
      await target.flush()
      await target.close()
    }
  })
  t.equal(code, 1)
  t.match(output, /✗ +fields, key, headers and partition/)
  t.match(output, /1 × a message that can not be read[^\n]*\n +processor\.to\.finance, partition \d, offset \d+/)
})

t.test('an option of the other pipeline is refused before anything starts', async t => {
  t.match(await runLauncher('demo', 'routing', '--source', 'direct'), { code: 2, output: /--source is not for the routing pipeline/ })
  t.match(await runLauncher('demo', '--fan-out', '0.5'), { code: 2, output: /--fan-out is not for the events pipeline/ })
})

async function runLauncher (...args: string[]): Promise<{ code: number | null, output: string }> {
  const child = spawn(process.execPath, [LAUNCHER, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  let output = ''
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', text => { output += text })
  const code = await new Promise<number | null>(resolve => child.once('close', resolve))
  return { code, output }
}
