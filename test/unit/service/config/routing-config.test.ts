import t from 'tap'
import { describeConfig } from '../../../../src/service/config/describe-config.js'
import { destinationKey } from '../../../../src/service/config/destinations.js'
import { type Machine } from '../../../../src/service/config/knob.js'
import { type Environment, loadConfig } from '../../../../src/service/config/load-config.js'
import { UsageError } from '../../../../src/errors.js'

const MINIMAL = { KAFKA_BROKERS: '127.0.0.1:9092', SCHEMA_REGISTRY_URL: 'http://127.0.0.1:8081' }
const MACHINE: Machine = { cores: 4, fileExists: () => true, readFile: () => 'secret\n' }
const FINANCE = { output_topic: 'processor.to.finance', output_subject: 'processor.to.consumer-value' }

t.test('Only the brokers and the registry must be set; the rest is as in the original', async t => {
  const { config, warnings } = load(MINIMAL)
  t.same(warnings, [])
  t.equal(config.kafka.groupId, 'event_processor')
  t.equal(config.routing.processorId, 'event-processor-1')
  t.equal(config.routing.topic, 'producer.to.processor')
  t.equal(config.routing.deadLetterTopic, 'producer.to.processor.dead-letters')
  t.equal(config.registry.registration, 'auto')
  t.same(config.routing.destinations, ['FINANCE', 'MARKETING', 'LOGISTICS'].map(name => ({
    name, outputTopic: `processor.to.${name.toLowerCase()}`, outputSubject: 'processor.to.consumer-value'
  })))
  t.same(problemsOf({}).map(variableOf).sort(), ['KAFKA_BROKERS', 'SCHEMA_REGISTRY_URL'])
})

t.test('Destinations are read as the original writes them, and shown so that they can be set again', async t => {
  const text = JSON.stringify({ FINANCE, Risk: { output_topic: 'risk', output_subject: 'risk-value' } })
  const loaded = load({ ...MINIMAL, ROUTING_DESTINATIONS: text })
  t.same(loaded.config.routing.destinations[1], { name: 'Risk', outputTopic: 'risk', outputSubject: 'risk-value' })
  t.equal(describeConfig(loaded, {}).find(({ variable }) => variable === 'ROUTING_DESTINATIONS')?.value, text)
})

t.test('Names of destinations compare without case', async t => {
  t.equal(destinationKey('Finance'), destinationKey('FINANCE'))
  t.not(destinationKey('Finance'), destinationKey('Finances'))
})

t.test('All that is wrong with destinations is said at once, each with the destination\'s name', async t => {
  const problems = problemsOf({
    ...MINIMAL,
    ROUTING_DESTINATIONS: `{
      "FINANCE": ${JSON.stringify(FINANCE)}, "finance": ${JSON.stringify(FINANCE)}, "FINANCE": ${JSON.stringify(FINANCE)},
      "NOTHING": {}, "SPACE": { "output_topic": "a b", "output_subject": "s" }, "NUMBER": { "output_topic": 7, "output_subject": "s" },
      "EMPTY": { "output_topic": "", "output_subject": "" }, "SLIP": { "output_topic": "t", "output_subject": "s", "output_topc": "t" },
      "TWICE": { "output_topic": "t", "output_topic": "u", "output_subject": "s" }, "TEXT": "t", " ": ${JSON.stringify(FINANCE)}
    }`
  })
  const said = problems.map(problem => /^ROUTING_DESTINATIONS: destination (.*); for example ROUTING_DESTINATIONS=\{/.exec(problem)?.[1] ?? problem)
  t.same(said, [
    '"finance" is there twice: "FINANCE" is the same, names compare without case',
    '"FINANCE" is there twice: "finance" is the same, names compare without case',
    '"TWICE" has output_topic twice',
    '"NOTHING" has no output_topic',
    '"NOTHING" has no output_subject',
    '"SPACE" has an output_topic that is not a topic name: "a b"',
    '"NUMBER" has an output_topic that is not text',
    '"EMPTY" has no output_topic',
    '"EMPTY" has no output_subject',
    '"SLIP" has an unknown member "output_topc"',
    '"TEXT" is not an object with output_topic and output_subject',
    '" " has no name'
  ])
})

t.test('The same name, written the same way, counts as a repetition although JSON keeps only one', async t => {
  const twice = `{"FINANCE":${JSON.stringify(FINANCE)},"FINANCE":${JSON.stringify(FINANCE)}}`
  t.match(problemsOf({ ...MINIMAL, ROUTING_DESTINATIONS: twice }), [/"FINANCE" is there twice;/])
  const quoted = JSON.stringify({ 'a": {"b': FINANCE, '\\': FINANCE })
  t.same(problemsOf({ ...MINIMAL, ROUTING_DESTINATIONS: quoted }), [], 'a name may hold what JSON is made of')
})

t.test('What is no object with destinations is refused', async t => {
  for (const text of ['{}', '[]', 'FINANCE', 'null', '{"FINANCE":']) {
    t.same(problemsOf({ ...MINIMAL, ROUTING_DESTINATIONS: text }).map(variableOf), ['ROUTING_DESTINATIONS'], text)
  }
})

t.test('A destination named like a member of every object is a destination', async t => {
  const { config } = load({ ...MINIMAL, ROUTING_DESTINATIONS: `{"__proto__":${JSON.stringify(FINANCE)}}` })
  t.same(config.routing.destinations.map(({ name }) => name), ['__proto__'])
})

t.test('Settings that contradict each other are refused', async t => {
  const cases: Array<[Environment, string]> = [
    [{ DEAD_LETTER_TOPIC: 'producer.to.processor' }, 'DEAD_LETTER_TOPIC'],
    [{ ROUTING_TOPIC: 'processor.to.finance' }, 'ROUTING_DESTINATIONS'],
    [{ DEAD_LETTER_TOPIC: 'processor.to.finance' }, 'ROUTING_DESTINATIONS'],
    [{ KAFKA_PRODUCER_QUEUE_KBYTES: '1024', KAFKA_PRODUCER_BATCH_BYTES: '2000000' }, 'KAFKA_PRODUCER_BATCH_BYTES'],
    [{ SCHEMA_REGISTRY_USERNAME: 'u' }, 'SCHEMA_REGISTRY_PASSWORD'],
    [{ SCHEMA_REGISTRY_PASSWORD_FILE: '/p' }, 'SCHEMA_REGISTRY_USERNAME'],
    [{ SCHEMA_REGISTRY_USERNAME: 'u', SCHEMA_REGISTRY_PASSWORD: 'p', SCHEMA_REGISTRY_TOKEN: 't' }, 'SCHEMA_REGISTRY_TOKEN'],
    [{ SCHEMA_REGISTRY_URL: 'https://user:secret@registry' }, 'SCHEMA_REGISTRY_URL'],
    [{ KAFKA_PROPERTY_LINGER_MS: '10' }, 'KAFKA_PROPERTY_LINGER_MS'],
    [{ CHUNK_RECORDS: '500', MAX_IN_FLIGHT_RECORDS: '100' }, 'CHUNK_RECORDS']
  ]
  for (const [env, variable] of cases) t.same(problemsOf({ ...MINIMAL, ...env }).map(variableOf), [variable], JSON.stringify(env))
})

t.test('Credentials that leave the machine unencrypted are warned of', async t => {
  const remote = { ...MINIMAL, SCHEMA_REGISTRY_URL: 'http://registry:8081' }
  t.match(load({ ...remote, SCHEMA_REGISTRY_TOKEN: 't' }).warnings, [/unencrypted/])
  t.same(load({ ...MINIMAL, SCHEMA_REGISTRY_TOKEN: 't' }).warnings, [], 'on loopback they do not leave it')
  t.match(load({ ...remote, SCHEMA_REGISTRY_CA_LOCATION: '/ca.pem' }).warnings, [/no effect with an http URL/])
})

t.test('No secret of the registry is shown', async t => {
  const loaded = load({ ...MINIMAL, SCHEMA_REGISTRY_USERNAME: 'u', SCHEMA_REGISTRY_PASSWORD: 'c4n4ry' })
  t.notMatch(JSON.stringify(describeConfig(loaded, {})), 'c4n4ry')
  t.same(loaded.secrets, ['c4n4ry'])
})

t.test('What belongs to another pipeline is not warned of; a slip is', async t => {
  t.same(load({ ...MINIMAL, EVENTS_TOPIC: 'x', SQS_CONCURRENCY: '3', MAX_JSON_DEPTH: '9' }).warnings, [])
  t.same(loadConfig({ ...MINIMAL, ROUTING_TOPIC: 'x' }, 'events', MACHINE).warnings, [])
  t.match(load({ ...MINIMAL, ROUTING_DESTINATION: '{}' }).warnings, [/Did you mean ROUTING_DESTINATIONS\?/])
})

function load (env: Environment): ReturnType<typeof loadConfig<'routing'>> {
  return loadConfig(env, 'routing', MACHINE)
}

function problemsOf (env: Environment): readonly string[] {
  try {
    load(env)
    return []
  } catch (error) {
    if (error instanceof UsageError) return error.problems
    throw error
  }
}

function variableOf (problem: string): string {
  return problem.slice(0, problem.indexOf(':'))
}
