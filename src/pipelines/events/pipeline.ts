import { type DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { callDeadlineMs } from '../../connectors/aws/call-within.js'
import { type BatchWriter } from '../../connectors/dynamodb/batch-writer.js'
import { createTableStage } from '../../connectors/dynamodb/table-stage.js'
import { createDeadLetterStage } from '../../connectors/kafka/dead-letter-stage.js'
import { type DeliveryProducer } from '../../connectors/kafka/delivery-producer.js'
import { type BatchSender } from '../../connectors/sqs/batch-sender.js'
import { type QueueDirectory } from '../../connectors/sqs/queue-directory.js'
import { createQueueStage } from '../../connectors/sqs/queue-stage.js'
import { createRetrySendStage, LONGEST_REST_MS } from '../../connectors/sqs/retry-send-stage.js'
import { type Clock } from '../../engine/clock.js'
import { Engine } from '../../engine/engine.js'
import { type Examiner } from '../../engine/examiner.js'
import { type Incidents, type Observer } from '../../engine/observer.js'
import { type EventsConfig } from '../../service/config/load-config.js'
import { engineLimits } from '../common/engine-limits.js'
import { type EncodedEvent } from './encoded-events.js'
import { KEY_ATTRIBUTE } from './event-encoder.js'

export interface EventsSystems {
  readonly examiner: Examiner<EncodedEvent>
  /** Carries the batches of rows. */
  readonly writer: BatchWriter
  /** Does everything else with the table. */
  readonly dynamodb: Pick<DynamoDBClient, 'send'>
  /** Carries the batches of messages. */
  readonly sender: BatchSender
  /** One queue per client. */
  readonly queues: QueueDirectory
  /** The retry queue; undefined when there is none. */
  readonly retryQueue: QueueDirectory | undefined
  readonly deadLetters: Pick<DeliveryProducer, 'deliver'>
}

const MIB = 1024 * 1024
/** Calls to the retry queue in flight. */
export const RETRY_CALLS = 4

/**
 * The road of an event: examined in the pool, stored in the table, and once its row is stored sent to its client's
 * queue. What can never pass goes to the dead letters, what fails for long to the retry queue.
 */
export function createEventsEngine (config: EventsConfig, systems: EventsSystems, deps: { clock: Clock, random: () => number, observer: Observer, incidents: Incidents }): Engine<EncodedEvent> {
  const strict = config.sqs.order === 'strict'

  const table = createTableStage<EncodedEvent>({
    table: {
      writer: systems.writer,
      client: systems.dynamodb,
      name: config.events.table,
      keyName: KEY_ATTRIBUTE,
      callTimeoutMs: callDeadlineMs(config.aws)
    },
    batch: { maxRecords: config.dynamodb.batchRecords, maxBytes: 16 * MIB, lingerMs: config.dynamodb.batchLingerMs },
    concurrency: config.dynamodb.concurrency,
    key: flight => flight.payload.uid,
    row: flight => flight.payload
  })

  const queues = createQueueStage<EncodedEvent>({
    name: 'queues',
    sender: systems.sender,
    queues: systems.queues,
    batch: { maxRecords: config.sqs.batchRecords, maxBytes: MIB, lingerMs: config.sqs.batchLingerMs },
    concurrency: config.sqs.concurrency,
    maxPerLane: strict ? 1 : undefined,
    queueKey: flight => flight.payload.client,
    groupId: flight => flight.payload.groupId,
    entry: flight => flight.payload
  })

  // Strict order never uses the retry queue: a record that fails stays in place, and its lane waits.
  const retryQueue = systems.retryQueue === undefined || strict
    ? undefined
    : createRetrySendStage<EncodedEvent>({
      sender: systems.sender,
      queues: systems.retryQueue,
      batch: { maxRecords: 10, maxBytes: MIB, lingerMs: config.sqs.batchLingerMs },
      concurrency: RETRY_CALLS,
      groupOf: flight => flight.payload.uid,
      restMs: retryCount => retryCount === 0 ? 0 : Math.min(LONGEST_REST_MS, config.retry.restMs * 2 ** (retryCount - 1))
    })

  return new Engine<EncodedEvent>({
    examiner: systems.examiner,
    stages: [table, queues],
    deadLetters: createDeadLetterStage({ producer: systems.deadLetters, topic: config.events.deadLetterTopic }),
    retryQueue,
    ...deps,
    limits: engineLimits(config)
  })
}
