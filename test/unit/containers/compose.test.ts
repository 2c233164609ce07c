import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { loadConfig } from '../../../src/service/config/load-config.js'
import { KNOBS } from '../../../src/service/config/pipelines.js'
import { AWS_VARIABLES } from '../../../src/service/config/schema.js'
import { MANIFEST, PINNED_IMAGE, readProjectFile, ROOT } from './read-file.js'

interface Service {
  readonly image: string
  readonly build?: string
  readonly command?: string[]
  readonly environment?: Record<string, string>
  readonly env_file?: ReadonlyArray<{ path: string, required: boolean }>
  readonly ports?: string[]
  readonly volumes?: string[]
  readonly depends_on?: Record<string, { condition: string }>
  readonly healthcheck?: { test?: string[], disable?: boolean }
  readonly restart?: string
  readonly init?: boolean
  readonly read_only?: boolean
  readonly cap_drop?: string[]
  readonly security_opt?: string[]
  readonly privileged?: boolean
  readonly stop_grace_period?: string
  readonly profiles?: string[]
}

const { services } = parse(readProjectFile('docker-compose.yml'), { merge: true }) as { services: Record<string, Service> }
/** Our own services, with the pipeline of each. */
const ours = { create: 'events', penstock: 'events', 'create-routing': 'routing', routing: 'routing' } as const
const ourServices = Object.keys(ours) as ReadonlyArray<keyof typeof ours>
const everyService = Object.entries(services)

t.test('The whole road is there', async t => {
  t.same(Object.keys(services).sort(), ['connect', 'create', 'create-routing', 'dynamodb', 'elasticmq', 'kafka', 'kafka-ui', 'penstock', 'registry', 'routing'])
})

t.test('What only the routing pipeline needs is started only with its profile', async t => {
  const inProfile = everyService.filter(([, { profiles }]) => profiles !== undefined)
  t.same(inProfile.map(([name, { profiles }]) => [name, profiles]).sort(), [['create-routing', ['routing']], ['registry', ['routing']], ['routing', ['routing']]])
})

t.test('A service waits for another\'s health or good end, never for its mere start', async t => {
  let waits = 0
  for (const [name, { depends_on: others = {} }] of everyService) {
    for (const [other, { condition }] of Object.entries(others)) {
      waits++
      const target = services[other]
      if (condition === 'service_healthy') t.ok((target?.healthcheck?.test?.length ?? 0) > 1, `${name}: ${other} has a health check`)
      else t.ok(condition === 'service_completed_successfully' && target?.restart === undefined, `${name}: ${other} ends`)
    }
  }
  t.ok(waits >= 10)
})

t.test('Penstock starts when its servers are healthy and what it needs was created', async t => {
  t.same(services.penstock?.depends_on, {
    kafka: { condition: 'service_healthy' },
    dynamodb: { condition: 'service_healthy' },
    elasticmq: { condition: 'service_healthy' },
    create: { condition: 'service_completed_successfully' }
  })
  t.same(services.routing?.depends_on, {
    kafka: { condition: 'service_healthy' },
    registry: { condition: 'service_healthy' },
    'create-routing': { condition: 'service_completed_successfully' }
  })
  for (const name of ['penstock', 'routing']) t.same(services[name]?.healthcheck?.test?.slice(-2), ['docker/probe.mjs', '/ready'])
})

t.test('Every image has a full tag; ours has the version of the package', async t => {
  for (const [name, { image }] of everyService) t.match(image, PINNED_IMAGE, name)
  for (const name of ourServices) t.equal(services[name]?.image, `penstock:${MANIFEST.version}`)
})

t.test('Nothing listens beyond loopback, and no port is taken twice', async t => {
  const ports = everyService.flatMap(([, service]) => service.ports ?? [])
  for (const port of ports) t.match(port, /^127\.0\.0\.1:\d+:\d+$/)
  t.equal(new Set(ports).size, ports.length)
  t.ok(services['kafka-ui']?.ports?.includes('127.0.0.1:8081:8080'))
})

t.test('No container can gain rights, and ours can not write either', async t => {
  for (const [name, service] of everyService) {
    t.same(service.cap_drop, ['ALL'], name)
    t.same(service.security_opt, ['no-new-privileges:true'], name)
    t.notOk(service.privileged, name)
  }
  for (const name of ourServices) t.match(services[name], { read_only: true, init: true }, name)
})

t.test('A drain has longer than its own deadline', async t => {
  for (const name of ['penstock', 'routing'] as const) {
    const { config } = loadConfig(environmentOf(name), ours[name])
    t.ok(Number.parseInt(services[name]?.stop_grace_period ?? '', 10) * 1_000 > config.flow.shutdownGraceMs, name)
  }
})

t.test('Every variable of ours is one that the configuration knows, and together they are a configuration without a warning', async t => {
  const known = new Set([...KNOBS.map(knob => knob.variable), ...Object.keys(AWS_VARIABLES)])
  for (const name of ourServices) {
    const environment = environmentOf(name)
    t.same(Object.keys(environment).filter(variable => !known.has(variable)), [])
    t.same(loadConfig(environment, ours[name]).warnings, [])
  }
})

t.test('Our containers reach the servers beside them, whatever .env says', async t => {
  const environment = environmentOf('penstock')
  t.match(services.penstock?.env_file, [{ path: '.env', required: false }])
  for (const url of ['AWS_ENDPOINT_URL_DYNAMODB', 'AWS_ENDPOINT_URL_SQS']) t.ok(new URL(environment[url] ?? '').hostname in services, url)
  t.ok(new URL(environmentOf('routing').SCHEMA_REGISTRY_URL ?? '').hostname in services)
  t.match(services.kafka?.environment?.KAFKA_ADVERTISED_LISTENERS, `//${environment.KAFKA_BROKERS}`)
  t.match(services.kafka?.environment?.KAFKA_ADVERTISED_LISTENERS, '//localhost:9092')
})

t.test('Connect runs from the broker\'s image, and finds the file source in its version', async t => {
  t.equal(services.connect?.image, services.kafka?.image)
  const version = /:(\d+\.\d+\.\d+)/.exec(services.kafka?.image ?? '')?.[1]
  const properties = readProjectFile('docker/connect.properties')
  t.match(properties, `connect-file-${version}.jar`)
  t.match(properties, `bootstrap.servers=${environmentOf('penstock').KAFKA_BROKERS}`)
  t.match(readProjectFile('stack/pom.xml'), `<kafka.version>${version}</kafka.version>`, 'the version that the tests run')
})

t.test('The events folder is where the connector of the project reads, and every mounted file exists', async t => {
  const connector = JSON.parse(readProjectFile('resource/connect/file-source-connector.json')) as { config: { file: string } }
  t.match(connector.config.file, /^\/data\//)
  t.ok(services.connect?.volumes?.some(volume => volume.includes(':/data:')))
  for (const volume of everyService.flatMap(([, service]) => service.volumes ?? [])) {
    const [, path = ''] = /^(?:\$\{\w+:-)?(\.[^:}]+)\}?:[^:]+:ro$/.exec(volume) ?? []
    t.ok(path !== '' && existsSync(join(ROOT, path)), volume)
  }
})

t.test('The images of the emulators are of the versions that the tests run', async t => {
  t.match(readProjectFile('stack/elasticmq/pom.xml'), `<version>${versionOf('elasticmq')}</version>`)
  t.match(readProjectFile('stack/dynamodb-local/pom.xml'), `<version>${versionOf('dynamodb')}</version>`)
  t.match(readProjectFile('stack/registry/pom.xml'), `<version>${versionOf('registry')}.Final</version>`)
})

function environmentOf (name: string): Record<string, string> {
  return services[name]?.environment ?? {}
}

function versionOf (name: string): string {
  return /:(\d+\.\d+\.\d+)/.exec(services[name]?.image ?? '')?.[1] ?? '?'
}
