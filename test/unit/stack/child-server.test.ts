import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { ChildServer, type ChildServerOptions } from '../../../src/stack/child-server.js'
import { identifyProcess } from '../../../src/stack/process-identity.js'
import { ServerStartError } from '../../../src/stack/server-start-error.js'
import { until } from '../../helpers/until.js'

const RUNS_FOR_EVER = 'setInterval(() => {}, 1000)'

function createChild (dir: string, script: string, options: Partial<ChildServerOptions> = {}): ChildServer {
  return new ChildServer({
    name: 'child',
    command: process.execPath,
    args: ['-e', script],
    logFile: join(dir, 'child.log'),
    probe: async () => {},
    ...options
  })
}

/** Ready when its log says so. */
function logProbe (dir: string, word: string): () => Promise<void> {
  return async () => {
    if (!readFileSync(join(dir, 'child.log'), 'utf8').includes(word)) throw new Error(`the log does not say ${word}`)
  }
}

t.test('start resolves when the probe does, and stop ends the process with SIGTERM', async t => {
  const dir = t.testdir()
  const script = `process.on('SIGTERM', () => { console.log('orderly'); process.exit() }); console.log('open'); ${RUNS_FOR_EVER}`
  const child = createChild(dir, script, { probe: logProbe(dir, 'open') })
  await child.start()
  const { pid } = child
  t.type(pid, 'number')
  await child.stop()
  t.equal(child.pid, undefined)
  t.equal(identifyProcess(pid ?? 0), undefined)
  t.match(readFileSync(child.logFile, 'utf8'), /open\norderly/)
})

t.test('a process that ignores SIGTERM is killed', async t => {
  const dir = t.testdir()
  const script = `process.on('SIGTERM', () => {}); console.log('deaf'); ${RUNS_FOR_EVER}`
  const child = createChild(dir, script, { probe: logProbe(dir, 'deaf'), stopTimeoutMs: 100 })
  await child.start()
  await child.stop()
  t.equal(child.pid, undefined)
})

t.test('a killed server can be started again', async t => {
  const child = createChild(t.testdir(), RUNS_FOR_EVER)
  await child.start()
  const first = child.pid
  await child.kill()
  await child.start()
  t.not(child.pid, first)
  await child.stop()
})

t.test('stop and kill of a server that does not run do nothing', async t => {
  const child = createChild(t.testdir(), RUNS_FOR_EVER)
  await child.stop()
  await child.kill()
  t.equal(child.pid, undefined)
})

t.test('a process that dies at start is reported with its exit code and what it wrote', async t => {
  const dir = t.testdir({ 'child.log': 'words of a former run\n' })
  const child = createChild(dir, 'console.error("bad configuration"); process.exitCode = 7', { probe: logProbe(dir, 'never') })
  const error = await child.start().then(() => undefined, (error: unknown) => error)
  if (!(error instanceof ServerStartError)) return t.fail('it should have been refused')
  t.match(error.message, /child did not start: it ended with exit code 7/)
  t.match(error.message, /bad configuration/)
  t.notMatch(error.logTail, /former run/)
  t.equal(child.pid, undefined)
})

t.test('a command that does not exist is reported', async t => {
  const child = createChild(t.testdir(), '', { command: 'no-such-command', args: [], probe: () => new Promise(() => {}) })
  await t.rejects(child.start(), /exit code 127[^]*no-such-command/)
})

t.test('a detached command that does not exist is reported', async t => {
  const child = createChild(t.testdir(), '', { command: 'no-such-command', args: [], lifetime: 'detached', probe: () => new Promise(() => {}) })
  await t.rejects(child.start(), /ENOENT/)
})

t.test('a server that never becomes ready is ended and reported with what the probe was told', async t => {
  const child = createChild(t.testdir(), RUNS_FOR_EVER, { startTimeoutMs: 300, probe: async () => { throw new Error('not in the mood') } })
  await t.rejects(child.start(), /not ready after 0 s \(not in the mood\)/)
  t.equal(child.pid, undefined)
})

for (const signal of ['SIGKILL', 'SIGINT', 'SIGTERM'] as const) {
  t.test(`a guarded server ends with its parent when that is ended by ${signal}`, async t => {
    const parent = spawn(process.execPath, ['--input-type=module', '-e', `
      import { ChildServer } from ${JSON.stringify(import.meta.resolve('../../../src/stack/child-server.js'))}
      const child = new ChildServer({
        name: 'child', command: process.execPath, args: ['-e', ${JSON.stringify(RUNS_FOR_EVER)}],
        logFile: ${JSON.stringify(join(t.testdir(), 'child.log'))}, probe: async () => {}
      })
      await child.start()
      console.log(child.pid)
      ${RUNS_FOR_EVER}
    `], { stdio: ['ignore', 'pipe', 'inherit'] })
    const pid = await new Promise<number>(resolve => parent.stdout.once('data', bytes => resolve(Number(bytes))))
    t.type(identifyProcess(pid), 'string', 'it runs')
    parent.kill(signal)
    await until(() => identifyProcess(pid) === undefined, 5_000)
    t.pass('it ended')
  })
}
