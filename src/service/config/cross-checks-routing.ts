import { type Findings, limitProblems, retryLimits } from './cross-checks.js'
import { type RoutingConfig } from './load-config.js'
import { isLoopback } from './loopback.js'

/** What no knob can tell alone, in the routing pipeline. */
export function crossCheckRouting (config: RoutingConfig): Findings {
  const { producer } = config
  return {
    problems: [
      ...limitProblems([
        ...retryLimits(config),
        ['KAFKA_PRODUCER_BATCH_BYTES', producer.batchBytes, 'KAFKA_PRODUCER_QUEUE_KBYTES', producer.queueKbytes * 1024, 'a batch is put together in the queue']
      ]),
      ...topicProblems(config),
      ...credentialProblems(config)
    ],
    warnings: registryWarnings(config)
  }
}

/** A record that came back would go round for ever. */
function topicProblems ({ routing }: RoutingConfig): string[] {
  const { topic, deadLetterTopic, destinations } = routing
  const problems: string[] = []
  if (deadLetterTopic === topic) {
    problems.push(`DEAD_LETTER_TOPIC: is the topic the records come from; for example DEAD_LETTER_TOPIC=${topic}.dead-letters`)
  }
  for (const { name, outputTopic } of destinations) {
    const what = outputTopic === topic ? 'the topic the records come from' : outputTopic === deadLetterTopic ? 'the topic of the dead letters' : undefined
    if (what !== undefined) problems.push(`ROUTING_DESTINATIONS: the output_topic of destination ${JSON.stringify(name)} is ${what}; for example "output_topic":"processor.to.${name.toLowerCase()}"`)
  }
  return problems
}

function credentialProblems ({ registry }: RoutingConfig): string[] {
  const { username, password, token } = registry
  const problems: string[] = []
  if (username !== undefined && password === undefined) {
    problems.push('SCHEMA_REGISTRY_PASSWORD: is not set, but SCHEMA_REGISTRY_USERNAME is; for example SCHEMA_REGISTRY_PASSWORD_FILE=/run/secrets/schema_registry_password')
  }
  if (username === undefined && password !== undefined) {
    problems.push('SCHEMA_REGISTRY_USERNAME: is not set, but SCHEMA_REGISTRY_PASSWORD is; for example SCHEMA_REGISTRY_USERNAME=penstock')
  }
  if (token !== undefined && (username !== undefined || password !== undefined)) {
    problems.push('SCHEMA_REGISTRY_TOKEN: is set, and so is SCHEMA_REGISTRY_USERNAME or SCHEMA_REGISTRY_PASSWORD; set one way to log in, for example SCHEMA_REGISTRY_USERNAME=')
  }
  return problems
}

function registryWarnings ({ registry }: RoutingConfig): string[] {
  const warnings: string[] = []
  const isPlain = registry.url.startsWith('http:')
  if (isPlain && registry.caLocation !== undefined) warnings.push('SCHEMA_REGISTRY_CA_LOCATION has no effect with an http URL')
  if (isPlain && !isLoopback(new URL(registry.url).host) && (registry.password !== undefined || registry.token !== undefined)) {
    warnings.push('SCHEMA_REGISTRY_URL=http://… sends the password or token unencrypted')
  }
  return warnings
}
