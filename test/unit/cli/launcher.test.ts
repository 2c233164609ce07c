import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { fileURLToPath } from 'node:url'
import t, { type Test } from 'tap'
import { loadConfig } from '../../../src/service/config/load-config.js'
import { childEnvironment } from '../../../src/cli/supervise.js'

const LAUNCHER = fileURLToPath(new URL('../../../src/cli/launcher.js', import.meta.url))
/** A port that nobody listens on: the service waits for its brokers, which is a state like any other. */
const DESTINATIONS = JSON.stringify([{ name: 'bigquery', url: 'https://events.example.com' }])
const NOBODY = '127.0.0.1:9'

t.test('Every command explains itself, with examples', async t => {
  const { stdout } = await run(['--help'])
  const commands = [...stdout.matchAll(/^ {2}(\w[\w-]*)/gm)].map(match => match[1] ?? '').filter(name => name !== 'penstock' && name !== 'help')
  t.ok(commands.includes('run') && commands.includes('check') && commands.includes('create'))
  t.match(stdout, /Exit codes:\n {2}0/)
  for (const command of ['run', 'demo', 'produce', 'check', 'create', 'stack', 'config']) {
    const help = await run([command, '--help'])
    t.equal(help.code, 0)
    t.match(help.stdout, /Examples:\n {2}(KAFKA_BROKERS=\S+ )?penstock/, command)
    t.match(help.stdout, 'routing', command)
  }
  for (const command of [['run'], ['demo'], ['produce'], ['check'], ['create'], ['config'], ['stack', 'up'], ['stack', 'down'], ['stack', 'status']]) {
    t.match((await run([...command, '--help'])).stdout, /exit code/i, command.join(' '))
  }
})

t.test('A wrong command line or configuration ends with 2, its message, and no stack', async t => {
  const cases: Array<[string[], Record<string, string>, RegExp]> = [
    [['nonsense'], {}, /unknown command/],
    [['run'], {}, /missing required argument/],
    [['run', 'nonsense'], {}, /Allowed choices are events, routing/],
    [['create', '--partitions', '0'], {}, /whole number/],
    [['create', '--pipeline', 'routing', '--update'], {}, /the routing pipeline has none/],
    [['produce', '--pipeline', 'routing', '--key', 'uid', '--force'], {}, /not for --pipeline routing: --key, --force/],
    [['produce', '--to', 'kafka', '--origin-service-id', '1'], {}, /not for --pipeline events: --origin-service-id/],
    [['produce', '--pipeline', 'routing', '--rate', '5/s', '--interval', '1s'], {}, /--rate and --interval say the same/],
    [['demo', 'routing', '--source', 'direct'], {}, /--source is not for the routing pipeline/],
    [['run', 'events'], {}, /KAFKA_BROKERS: is not set; for example KAFKA_BROKERS=/],
    [['run', 'routing'], {}, /2 settings are wrong:[^]*SCHEMA_REGISTRY_URL: is not set[^]*KAFKA_BROKERS: is not set/],
    [['check'], { KAFKA_BROKERS: 'k' }, /KAFKA_BROKERS: "k" has an item that is not host:port/],
    [['config'], { KAFKA_BROKERS: NOBODY, CHUNK_RECORDS: '0', SQS_ORDER: 'x' }, /2 settings are wrong:/],
    [['config', '--pipeline', 'routing'], { KAFKA_BROKERS: NOBODY, SCHEMA_REGISTRY_URL: 'registry' }, /SCHEMA_REGISTRY_URL: "registry" is not an http or https URL/]
  ]
  for (const [args, env, message] of cases) {
    const { code, stderr } = await run(args, env)
    t.equal(code, 2, args.join(' '))
    t.match(stderr, message)
    t.notMatch(stderr, /^\s+at /m)
  }
})

t.test('A port that is taken ends `run` with 2 and the remedy', async t => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => server.close())
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const { code, stderr } = await run(['run', 'events'], { KAFKA_BROKERS: NOBODY, ADMIN_PORT: String(port) })
  t.equal(code, 2)
  t.match(stderr, /ADMIN_PORT: port \d+ of 127.0.0.1 is taken/)
})

t.test('`run` has the flags and the thread pool that must be set before Node starts', async t => {
  const service = await startService(t, { UV_THREADPOOL_SIZE: '11' })
  t.equal(service.started.threadPoolSize, '11')
  t.match(service.started.flags, ['--single-threaded-gc', '--max-semi-space-size=32'])
})

t.test('a service that writes to Kafka starts with the allocator that suits it, unless it is told otherwise', async t => {
  const tunables = async (pipeline: string, env: Readonly<Record<string, string>> = {}) => (await startService(t, env, pipeline)).started.glibcTunables
  t.equal(await tunables('routing'), 'glibc.malloc.mxfast=0')
  t.equal(await tunables('delivery', { GLIBC_TUNABLES: 'glibc.malloc.tcache_count=7' }), 'glibc.malloc.tcache_count=7')
  t.equal(await tunables('delivery', { GLIBC_TUNABLES: '' }), '')
  t.equal(await tunables('events'), undefined)
})

for (const pipeline of ['events', 'routing', 'delivery'] as const) {
  t.test(`The ${pipeline} service whose servers are away is alive, not ready, and ends with 0 on SIGTERM`, async t => {
    const service = await startService(t, {}, pipeline)
    t.equal((await fetch(`${service.started.admin}/live`)).status, 200)
    t.equal((await fetch(`${service.started.admin}/ready`)).status, 503)
    service.launcher.kill('SIGTERM')
    const [code] = await once(service.launcher, 'exit')
    t.equal(code, 0)
  })
}

t.test('The service ends when its launcher is killed', async t => {
  const service = await startService(t)
  service.launcher.kill('SIGKILL')
  await once(service.launcher, 'exit')
  await goneWithin(service.started.pid, 15_000)
  t.pass('it is gone')
})

t.test('Several processes have their own member ids and admin ports', async t => {
  const { config } = loadConfig({ KAFKA_BROKERS: NOBODY, KAFKA_GROUP_INSTANCE_ID: 'pod-3', PROCESSES: '2', ADMIN_PORT: '9400' }, 'events')
  t.same(childEnvironment(config, 0, 8), { UV_THREADPOOL_SIZE: '8', KAFKA_GROUP_INSTANCE_ID: 'pod-3-0', ADMIN_PORT: '9400' })
  t.same(childEnvironment(config, 1, 8), { UV_THREADPOOL_SIZE: '8', KAFKA_GROUP_INSTANCE_ID: 'pod-3-1', ADMIN_PORT: '9401' })
  const single = loadConfig({ KAFKA_BROKERS: NOBODY, KAFKA_GROUP_INSTANCE_ID: 'pod-3' }, 'events').config
  t.same(childEnvironment(single, 0, 8), { UV_THREADPOOL_SIZE: '8' }, 'a single one keeps its own')
  const anyPort = loadConfig({ KAFKA_BROKERS: NOBODY, PROCESSES: '2', ADMIN_PORT: '0' }, 'events').config
  t.same(childEnvironment(anyPort, 1, 8), { UV_THREADPOOL_SIZE: '8' })
  const ingest = loadConfig({ KAFKA_BROKERS: NOBODY, DELIVERY_PARTS: 'ingest', PROCESSES: '2', ADMIN_PORT: '0' }, 'delivery').config
  t.same(childEnvironment(ingest, 1, 8), { UV_THREADPOOL_SIZE: '8', INGEST_PORT: '8081' })
})

function launch (args: readonly string[], env: Readonly<Record<string, string>>): ChildProcess {
  const { PATH = '', HOME = '' } = process.env
  return spawn(process.execPath, [LAUNCHER, ...args], { env: { PATH, HOME, AWS_REGION: 'eu-west-1', ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
}

async function run (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<{ code: number | null, stdout: string, stderr: string }> {
  const child = launch(args, env)
  let stdout = ''
  let stderr = ''
  child.stdout?.on('data', (chunk: Buffer) => { stdout += chunk.toString() })
  child.stderr?.on('data', (chunk: Buffer) => { stderr += chunk.toString() })
  const [code] = await once(child, 'close') as [number | null]
  return { code, stdout, stderr }
}

interface Started {
  readonly pid: number
  readonly admin: string
  readonly threadPoolSize: string
  readonly glibcTunables?: string
  readonly flags: readonly string[]
}

async function startService (t: Test, env: Readonly<Record<string, string>> = {}, pipeline = 'events'): Promise<{ launcher: ChildProcess, started: Started }> {
  const launcher = launch(['run', pipeline], {
    KAFKA_BROKERS: NOBODY, SCHEMA_REGISTRY_URL: `http://${NOBODY}`, ADMIN_PORT: '0', RETRY_QUEUE: '', INGEST_PORT: '0', DELIVERY_DESTINATIONS_JSON: DESTINATIONS, AWS_ENDPOINT_URL: `http://${NOBODY}`, AWS_ACCESS_KEY_ID: 'x', AWS_SECRET_ACCESS_KEY: 'x', SHUTDOWN_GRACE_MS: '8000', ...env
  })
  launcher.stderr?.resume()
  const started = await new Promise<Started>((resolve, reject) => {
    let text = ''
    launcher.stdout?.on('data', (chunk: Buffer) => {
      text += chunk.toString()
      const line = text.split('\n').find(candidate => candidate.endsWith('}') && candidate.includes('"message":"started"'))
      if (line !== undefined) resolve(JSON.parse(line) as Started)
    })
    launcher.once('exit', code => reject(new Error(`ended with ${code}: ${text}`)))
  })
  t.teardown(() => { kill(launcher.pid ?? 0); kill(started.pid) })
  return { launcher, started }
}

function kill (pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}

async function goneWithin (pid: number, ms: number): Promise<void> {
  const deadline = performance.now() + ms
  while (isAlive(pid)) {
    if (performance.now() > deadline) throw new Error(`process ${pid} is still there after ${ms} ms`)
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

function isAlive (pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
