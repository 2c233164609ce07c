import { execFile } from 'node:child_process'
import { chmodSync, cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { promisify } from 'node:util'
import t, { type Test } from 'tap'
import { startAdminServer } from '../../../src/service/admin-server.js'
import { Health } from '../../../src/service/health.js'
import { readProjectFile, ROOT } from './read-file.js'

const execute = promisify(execFile)

interface Ended { readonly code: number, readonly output: string }

t.test('The probe is content while the path answers 200, and says what it heard otherwise', async t => {
  const health = new Health()
  const port = await startAdmin(t, health)
  const probe = async (path: string): Promise<Ended> => await run(join(ROOT, 'docker/probe.mjs'), [path], { ADMIN_PORT: String(port) })

  t.match(await probe('/ready'), { code: 0, output: '' })
  health.red('kafka', 'no broker answers')
  t.match(await probe('/ready'), { code: 1, output: /503 not ready: kafka/ })
  t.equal((await probe('/live')).code, 0, 'which is no reason to be replaced')
  health.dead('the pool can not start workers')
  t.match(await probe('/live'), { code: 1, output: /503 dead/ })
})

t.test('The probe asks every process of the launcher', async t => {
  const port = await startAdmin(t, new Health())
  const one = await run(join(ROOT, 'docker/probe.mjs'), ['/live'], { ADMIN_PORT: String(port), PROCESSES: '1' })
  t.equal(one.code, 0)
  const two = await run(join(ROOT, 'docker/probe.mjs'), ['/live'], { ADMIN_PORT: String(port - 1), PROCESSES: '2' })
  t.equal(two.code, 1, 'process 0 is not there')
})

t.test('The check of the Kafka client passes with this build, and fails when a feature is absent', async t => {
  // Beside a build, as in the image: this one.
  const beside = (features: string): string => t.testdir({
    docker: { 'check-client.mjs': readProjectFile('docker/check-client.mjs') },
    dist: { src: { connectors: { kafka: { 'features.js': features } } } },
    'package.json': '{ "type": "module" }'
  })
  const check = async (folder: string): Promise<Ended> => await run(join(folder, 'docker/check-client.mjs'), [], {})
  const stub = 'export const clientVersion = "2", clientFeatures = ["gzip"]; export const absentFeatures = () => '

  t.match(await run(join(ROOT, 'docker/check-client.mjs'), [], {}), { code: 0, output: /ssl.*zstd/ })
  t.match(await check(beside(`${stub}[{ feature: 'zstd', remedy: 'install it' }]`)), { code: 1, output: /lacks zstd/ })
})

t.test('Pinning writes a digest behind every tag, again over an older one, and nothing when a digest is unknown', async t => {
  const folder = t.testdir({ docker: {}, bin: {} })
  for (const name of ['Dockerfile', 'docker-compose.yml', 'docker/pin-images.mjs']) copy(name, folder)
  const pin = async (answer: string): Promise<Ended> => {
    writeFileSync(join(folder, 'bin/docker'), `#!/bin/sh\necho ${answer}\n`)
    chmodSync(join(folder, 'bin/docker'), 0o755)
    return await run(join(folder, 'docker/pin-images.mjs'), [], { PATH: `${join(folder, 'bin')}${delimiter}${process.env.PATH ?? ''}` })
  }
  const images = (): string[] => ['Dockerfile', 'docker-compose.yml'].flatMap(name =>
    readFileSync(join(folder, name), 'utf8').match(/(?<=^ARG NODE_IMAGE=|^\s+image: ).*$/gm) ?? [])
  const tags = images()

  for (const digest of [`sha256:${'a'.repeat(64)}`, `sha256:${'b'.repeat(64)}`]) {
    t.equal((await pin(digest)).code, 0)
    t.same(images(), tags.map(tag => tag.startsWith('penstock:') ? tag : `${tag.split('@')[0]}@${digest}`))
  }
  const before = images()
  t.equal((await pin('error')).code, 1)
  t.same(images(), before)
})

async function startAdmin (t: Test, health: Health): Promise<number> {
  const admin = await startAdminServer({
    host: '127.0.0.1', port: 0, health, metrics: { contentType: 'text/plain', render: async () => '' }
  })
  t.teardown(() => admin.close())
  return admin.port
}

async function run (file: string, args: string[], env: Record<string, string>): Promise<Ended> {
  try {
    const { stdout, stderr } = await execute(process.execPath, [file, ...args], { env: { PATH: process.env.PATH, ...env } })
    return { code: 0, output: stdout + stderr }
  } catch (error) {
    const { code, stdout, stderr } = error as { code: number, stdout: string, stderr: string }
    return { code, output: stdout + stderr }
  }
}

function copy (name: string, folder: string): void {
  mkdirSync(dirname(join(folder, name)), { recursive: true })
  cpSync(join(ROOT, name), join(folder, name))
}
