import { createDeadLetterStage } from '../../connectors/kafka/dead-letter-stage.js'
import { type DeliveryProducer } from '../../connectors/kafka/delivery-producer.js'
import { headersWithOrigin } from '../../connectors/kafka/message-headers.js'
import { createTopicStage } from '../../connectors/kafka/topic-stage.js'
import { type Clock } from '../../engine/clock.js'
import { Engine } from '../../engine/engine.js'
import { type Examiner } from '../../engine/examiner.js'
import { type Incidents, type Observer } from '../../engine/observer.js'
import { type RoutingConfig } from '../../service/config/load-config.js'
import { engineLimits } from '../common/engine-limits.js'
import { type RoutedRecord } from './routed-messages.js'

export interface RoutingSystems {
  readonly examiner: Examiner<RoutedRecord>
  readonly output: Pick<DeliveryProducer, 'deliver'>
  readonly deadLetters: Pick<DeliveryProducer, 'deliver'>
}

const MIB = 1024 * 1024
/** What is held stays where it is, however long. */
const NO_RETRY_QUEUE = { creditShare: 0, holdMaxMs: Infinity }

/**
 * The road of a record: examined in the pool, which turns it into the message of each destination that it names; each
 * message sent to the topic of its destination. The record is done when all its messages are acknowledged. What can never
 * pass goes to the dead letters; there is no retry queue, so what fails waits in its place.
 */
export function createRoutingEngine (config: RoutingConfig, systems: RoutingSystems, deps: { clock: Clock, random: () => number, observer: Observer, incidents: Incidents }): Engine<RoutedRecord> {
  const topics = createTopicStage<RoutedRecord>({
    producer: systems.output,
    name: 'topics',
    batch: { maxRecords: config.routing.batchRecords, maxBytes: 16 * MIB, lingerMs: 0 },
    concurrency: config.routing.concurrency,
    topicOf: flight => flight.payload.output.topic,
    messageOf: ({ record, payload }) => ({
      topic: payload.output.topic,
      key: record.key,
      value: payload.value,
      headers: headersWithOrigin(record)
    }),
    bytesOf: flight => flight.payload.bytes
  })

  return new Engine<RoutedRecord>({
    examiner: systems.examiner,
    branches: record => record.branches,
    stages: [topics],
    deadLetters: createDeadLetterStage({ producer: systems.deadLetters, topic: config.routing.deadLetterTopic }),
    retryQueue: undefined,
    ...deps,
    limits: engineLimits({ ...config, retry: { ...config.retry, ...NO_RETRY_QUEUE } })
  })
}
