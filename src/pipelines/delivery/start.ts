import { DestinationClient } from '../../connectors/http/destination-client.js'
import { type KafkaConsumerSettings, type KafkaProducerSettings, producerConfig } from '../../connectors/kafka/client-config.js'
import { DeliveryProducer } from '../../connectors/kafka/delivery-producer.js'
import { systemClock } from '../../engine/clock.js'
import { type DeliveryDestination } from '../../service/config/delivery-destination.js'
import { InlineExaminer } from '../../validation/inline-examiner.js'
import { IncidentReporter } from '../common/incident-reporter.js'
import { type LimitSettings } from '../common/engine-limits.js'
import { KafkaReporter } from '../common/kafka-reporter.js'
import { type FlowSettings, runPipeline, type RunningPipeline, type Service } from '../common/run-pipeline.js'
import { chosenDestinations } from './chosen-destinations.js'
import { createExamineEvents } from './examine.js'
import { createDeliveryEngine } from './pipeline.js'
import { DestinationsHealth } from './destinations-health.js'
import { flowOfEach } from './flow-of-each.js'
import { LossWatch } from './loss-watch.js'
import { StartingPlace } from './starting-place.js'

/** The groups of the configuration that deliver. */
export interface DeliverySettings {
  readonly delivery: {
    readonly topic: string
    readonly retentionMs: number
    readonly destinations: readonly DeliveryDestination[]
    /** Names of those that this process delivers to; all when empty. */
    readonly subset: readonly string[]
    readonly groupPrefix: string
    readonly parts: 'all' | 'ingest' | 'destinations'
  }
  readonly kafka: Omit<KafkaConsumerSettings, 'groupId' | 'autoOffsetReset'> & Pick<KafkaProducerSettings, 'compression'>
  readonly producer: Pick<KafkaProducerSettings, 'lingerMs' | 'batchBytes' | 'queueKbytes'>
  readonly validation: { readonly maxRecordBytes: number }
  readonly flow: FlowSettings & LimitSettings['flow']
}

/** What the destinations of a process have in common. */
interface Common {
  readonly config: DeliverySettings
  readonly service: Service
  readonly health: DestinationsHealth
  readonly startingPlace: StartingPlace
  readonly destinations: number
}

/**
 * Starts the delivery to the destinations of this process, each with a consumer group, an engine and budgets of its own:
 * what happens to one touches no other. Resolves at once; connecting goes on in the background, and so does waiting for the
 * topic, which is not theirs to make.
 */
export function startDestinations (config: DeliverySettings, service: Service): RunningPipeline[] {
  const chosen = chosenDestinations(config.delivery)
  const common: Common = {
    config,
    service,
    health: new DestinationsHealth(service.health, { destinations: chosen.length, alone: config.delivery.parts === 'destinations' }),
    startingPlace: new StartingPlace({ ...service, kafka: config.kafka, topic: config.delivery.topic }),
    destinations: chosen.length
  }
  return chosen.map(destination => startDestination(destination, common))
}

function startDestination (destination: DeliveryDestination, { config, service, startingPlace, destinations, ...common }: Common): RunningPipeline {
  const { name } = destination
  const clock = systemClock
  const logger = service.logger.child({ destination: name })
  const metrics = service.metrics.delivery.destination(name, service.metrics)
  const health = common.health.of(name)
  const flow = flowOfEach(config.flow, destinations)
  const kafka = { ...config.kafka, groupId: config.delivery.groupPrefix + name, autoOffsetReset: 'earliest', ...prefetchOfEach(config.kafka.queuedMaxKbytes, destinations) } as const
  const client = new DestinationClient({ ...destination, connections: destination.concurrency, clock })
  const systems = {
    examiner: new InlineExaminer(createExamineEvents(config.validation.maxRecordBytes), () => {}),
    client,
    // It connects with the first dead letter, and is nothing before that.
    deadLetters: new DeliveryProducer({ properties: producerConfig({ ...config.kafka, ...config.producer }), log: new KafkaReporter(logger, 'dead-letter producer'), clock })
  }
  const incidents = new IncidentReporter(logger, metrics, 'a destination is held')
  const engine = createDeliveryEngine(destination, { kafka, flow }, systems, { clock, random: Math.random, observer: metrics, incidents })
  const lossWatch = new LossWatch({ engine, retentionMs: config.delivery.retentionMs, logger, clock })
  return runPipeline({
    topic: config.delivery.topic,
    kafka,
    flow: { ...flow, idlePollMs: 0 },
    engine,
    examiner: systems.examiner,
    threads: 0,
    deadLetters: systems.deadLetters,
    prepare: async signal => { await startingPlace.prepare(kafka.groupId, destination.startAt, signal) },
    destroy: async () => {
      lossWatch.close()
      await client.close()
    }
  }, { logger, metrics, health })
}

const MIN_PREFETCH_KBYTES = 256

/** What all consumers of the process fetch ahead stays what one may. */
function prefetchOfEach (queuedMaxKbytes: number, destinations: number): { readonly queuedMaxKbytes: number } {
  return { queuedMaxKbytes: Math.max(Math.min(MIN_PREFETCH_KBYTES, queuedMaxKbytes), Math.floor(queuedMaxKbytes / destinations)) }
}
