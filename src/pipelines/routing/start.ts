import { producerConfig } from '../../connectors/kafka/client-config.js'
import { DeliveryProducer } from '../../connectors/kafka/delivery-producer.js'
import { RegistryClient } from '../../connectors/schema-registry/registry-client.js'
import { SchemaCache } from '../../connectors/schema-registry/schema-cache.js'
import { systemClock } from '../../engine/clock.js'
import { type RoutingConfig } from '../../service/config/load-config.js'
import { IncidentReporter } from '../common/incident-reporter.js'
import { KafkaReporter } from '../common/kafka-reporter.js'
import { runPipeline, type RunningPipeline, type Service } from '../common/run-pipeline.js'
import { RoutingExaminer } from './examiner.js'
import { findOutputSchemas, NO_OUTPUT_SCHEMAS } from './output-schemas.js'
import { createRoutingEngine } from './pipeline.js'
import { RegistryHold } from './registry-hold.js'
import { ROUTING_SCHEMAS } from './routing-schemas.js'

/** Pauses between two questions to a registry that is away. */
const REGISTRY_BACKOFF = { baseMs: 200, maxMs: 5_000, random: Math.random }
/** What a timer may be late. */
const SLACK_MS = 2_000

/**
 * Starts the routing pipeline. Resolves at once; connecting goes on in the background, for as long as the brokers or the
 * schema registry are away. Throws UsageError for what only the operator can mend.
 */
export function startRoutingPipeline (config: RoutingConfig, service: Service): RunningPipeline {
  const { logger, metrics } = service
  const clock = systemClock
  const incidents = new IncidentReporter(logger, metrics, 'a topic is held')
  const producer = (client: 'producer' | 'dead-letter producer'): DeliveryProducer =>
    new DeliveryProducer({ properties: producerConfig({ ...config.kafka, ...config.producer }), log: new KafkaReporter(logger, client), clock })
  const registry = new RegistryClient(config.registry)
  const cache = new SchemaCache({ client: registry, clock, unknownTtlMs: config.registry.unknownTtlMs })
  const hold = new RegistryHold({
    clock, incidents, quietMs: Math.max(REGISTRY_BACKOFF.maxMs, config.retry.backoffMaxMs) + config.registry.timeoutMs + SLACK_MS
  })
  const { destinations, processorId } = config.routing
  const { threads, timeoutMs, retryTimeoutMs, maxRecordBytes } = config.validation
  let outputSchemas = NO_OUTPUT_SCHEMAS
  const examiner = new RoutingExaminer({
    readerSchema: ROUTING_SCHEMAS.fanOutInput,
    processorId,
    outputs: destinations.map(({ name, outputTopic }) => ({ name, topic: outputTopic })),
    outputSchemas: () => outputSchemas,
    cache,
    hold,
    threads,
    inlineBytes: config.routing.inlineBytes,
    timeoutMs,
    retryTimeoutMs,
    maxRecordBytes,
    clock
  })
  const systems = { examiner, output: producer('producer'), deadLetters: producer('dead-letter producer') }
  return runPipeline({
    topic: config.routing.topic,
    kafka: config.kafka,
    flow: config.flow,
    engine: createRoutingEngine(config, systems, { clock, random: Math.random, observer: metrics, incidents }),
    examiner,
    threads,
    deadLetters: systems.deadLetters,
    output: systems.output,
    prepare: async signal => {
      outputSchemas = await findOutputSchemas({
        client: registry,
        registration: config.registry.registration,
        schema: ROUTING_SCHEMAS.output,
        subjects: destinations.map(({ outputSubject }) => outputSubject),
        hold,
        clock,
        backoff: REGISTRY_BACKOFF
      }, signal)
    },
    destroy: async () => {
      hold.close()
      cache.close()
      await registry.close()
    }
  }, service)
}
