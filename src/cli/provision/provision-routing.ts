import { deadLetterTopic, outputTopic, sourceTopic } from '../../connectors/kafka/definition.js'
import { RegistryClient } from '../../connectors/schema-registry/registry-client.js'
import { ROUTING_SCHEMAS } from '../../pipelines/routing/routing-schemas.js'
import { type RoutingConfig } from '../../service/config/load-config.js'
import { valueSubject } from '../value-subject.js'
import { type ProvisionOptions } from './provision-events.js'
import { registerSchemas, type SchemaPlan } from './schemas.js'
import { type OnStep, type Step } from './step.js'
import { createTopics } from './topics.js'

/** Creates the topics of the routing pipeline and registers its schemas; what is there stays as it is. Never rejects. */
export async function provisionRouting (config: RoutingConfig, options: Omit<ProvisionOptions, 'update'>, onStep: OnStep = () => {}): Promise<Step[]> {
  const report = (steps: Step[]): Step[] => {
    steps.forEach(onStep)
    return steps
  }
  const results = await Promise.all([provisionTopics(config, options).then(report), provisionSchemas(config).then(report)])
  return results.flat()
}

function provisionTopics ({ routing, kafka }: RoutingConfig, { partitions, replicationFactor, timeoutMs }: Omit<ProvisionOptions, 'update'>): Promise<Step[]> {
  const settings = { partitions, replicationFactor, maxMessageBytes: kafka.maxMessageBytes }
  const outputs = [...new Set(routing.destinations.map(destination => destination.outputTopic))]
  return createTopics(kafka, [
    sourceTopic(routing.topic, settings),
    ...outputs.map(name => outputTopic(name, settings)),
    deadLetterTopic(routing.deadLetterTopic, settings)
  ], timeoutMs)
}

async function provisionSchemas (config: RoutingConfig): Promise<Step[]> {
  const client = new RegistryClient(config.registry)
  try {
    return await registerSchemas(client, schemaPlans(config))
  } finally {
    await client.close()
  }
}

/** Both versions of what producers write, and what is written for each destination. */
export function schemaPlans ({ routing }: RoutingConfig): SchemaPlan[] {
  const input = valueSubject(routing.topic)
  const outputs = [...new Set(routing.destinations.map(({ outputSubject }) => outputSubject))]
  return [
    { subject: input, what: 'records with one destination', schema: ROUTING_SCHEMAS.input },
    { subject: input, what: 'records with several destinations', schema: ROUTING_SCHEMAS.fanOutInput },
    ...outputs.map(subject => ({ subject, what: 'records for consumers', schema: ROUTING_SCHEMAS.output }))
  ]
}
