import { deadLetterTopic, eventLogTopic } from '../../connectors/kafka/definition.js'
import { type DeliveryConfig } from '../../service/config/load-config.js'
import { type ProvisionOptions } from './provision-events.js'
import { type OnStep, type Step } from './step.js'
import { createTopics } from './topics.js'

/** Creates the topic of the events and each destination's topic of dead letters; what is there stays as it is. Never rejects. */
export async function provisionDelivery (
  { delivery, kafka }: DeliveryConfig, { partitions, replicationFactor, timeoutMs }: Omit<ProvisionOptions, 'update'>, onStep: OnStep = () => {}
): Promise<Step[]> {
  const settings = { partitions, replicationFactor, maxMessageBytes: kafka.maxMessageBytes }
  const deadLetters = new Set(delivery.destinations.map(destination => destination.deadLetterTopic))
  const steps = await createTopics(kafka, [
    eventLogTopic(delivery.topic, { ...settings, retentionMs: delivery.retentionMs }),
    ...[...deadLetters].map(name => deadLetterTopic(name, settings))
  ], timeoutMs)
  steps.forEach(onStep)
  return steps
}
