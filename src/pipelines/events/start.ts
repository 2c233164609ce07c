import { readFileSync } from 'node:fs'
import { createDynamoDBClient, createSqsClient } from '../../connectors/aws/clients.js'
import { producerConfig } from '../../connectors/kafka/client-config.js'
import { DeliveryProducer } from '../../connectors/kafka/delivery-producer.js'
import { QueueDirectory, type QueueAddress } from '../../connectors/sqs/queue-directory.js'
import { queueAddresses } from '../../connectors/sqs/queue-addresses.js'
import { RetryQueueReceiver } from '../../connectors/sqs/retry-queue-receiver.js'
import { RETRY_QUEUE_KEY } from '../../connectors/sqs/retry-send-stage.js'
import { systemClock } from '../../engine/clock.js'
import { type Engine } from '../../engine/engine.js'
import { describeError, UsageError } from '../../errors.js'
import { type EventsConfig } from '../../service/config/load-config.js'
import { type Logger } from '../../service/logger.js'
import { IncidentReporter } from '../common/incident-reporter.js'
import { KafkaReporter } from '../common/kafka-reporter.js'
import { runPipeline, type RunningPipeline, type Service } from '../common/run-pipeline.js'
import { type EncodedEvent } from './encoded-events.js'
import { createEventsExaminer, type EventsExaminer } from './examiner.js'
import { createEventsEngine } from './pipeline.js'
import { createTransports } from './transports.js'

const AWS_SOCKETS_BESIDE_THE_STAGES = 16

/**
 * Starts the events pipeline. Resolves at once; connecting goes on in the background, for as long as the brokers are
 * away. Throws UsageError for what only the operator can mend: a schema that can not be honoured, say.
 */
export function startEventsPipeline (config: EventsConfig, service: Service): RunningPipeline {
  const { logger, metrics } = service
  const incidents = new IncidentReporter(logger, metrics, 'a queue is held')
  const examiner = createExaminer(config)
  const systems = createSystems(config, examiner, logger)
  const engine = createEventsEngine(config, systems, { clock: systemClock, random: Math.random, observer: metrics, incidents })
  return runPipeline({
    topic: config.events.topic,
    kafka: config.kafka,
    flow: config.flow,
    engine,
    examiner,
    threads: config.validation.threads,
    deadLetters: systems.deadLetters,
    replays: createReceiver(config, systems, engine, logger, incidents),
    prepare: signal => { void reportQueues(systems.queues, logger, signal) },
    destroy: () => {
      systems.transports.destroy()
      systems.dynamodb.destroy()
      systems.sqs.destroy()
    }
  }, service)
}

function createExaminer (config: EventsConfig): EventsExaminer {
  const { threads, timeoutMs, retryTimeoutMs, maxRecordBytes, maxJsonDepth, maxJsonKeys } = config.validation
  return createEventsExaminer({
    schema: readJson(config.events.schemaFile),
    schemaSource: config.events.schemaFile,
    messageGroup: config.sqs.messageGroup,
    limits: { maxBytes: maxRecordBytes, maxDepth: maxJsonDepth, maxKeys: maxJsonKeys },
    threads,
    timeoutMs,
    retryTimeoutMs,
    clock: systemClock
  })
}

function createSystems (config: EventsConfig, examiner: EventsExaminer, logger: Logger) {
  const timeouts = { connectTimeoutMs: config.aws.connectTimeoutMs, requestTimeoutMs: config.aws.requestTimeoutMs }
  const dynamodb = createDynamoDBClient({ ...timeouts, maxSockets: config.dynamodb.concurrency + AWS_SOCKETS_BESIDE_THE_STAGES })
  const sqs = createSqsClient({ ...timeouts, maxSockets: config.sqs.concurrency * config.events.clients.length + AWS_SOCKETS_BESIDE_THE_STAGES })
  const transports = createTransports(config, { dynamodb, sqs }, logger)
  const directory = (addresses: ReadonlyMap<string, QueueAddress>): QueueDirectory =>
    new QueueDirectory({ client: sqs, callTimeoutMs: config.aws.requestTimeoutMs, addresses })
  return {
    examiner,
    transports,
    writer: transports.writer,
    dynamodb,
    sender: transports.sender,
    sqs,
    queues: directory(queueAddresses(config.events.clients, config.sqs.queueUrls)),
    retryQueue: config.retry.queue === '' ? undefined : directory(new Map([[RETRY_QUEUE_KEY, addressOf(config.retry.queue)]])),
    deadLetters: new DeliveryProducer({ properties: producerConfig(config.kafka), log: new KafkaReporter(logger, 'dead-letter producer'), clock: systemClock })
  }
}

/** Strict order never uses the retry queue. */
function createReceiver (config: EventsConfig, systems: ReturnType<typeof createSystems>, engine: Engine<EncodedEvent>, logger: Logger, incidents: IncidentReporter): RetryQueueReceiver | undefined {
  if (systems.retryQueue === undefined || config.sqs.order === 'strict') return undefined
  const receiver = new RetryQueueReceiver({
    calls: { client: systems.sqs, callTimeoutMs: config.aws.requestTimeoutMs },
    queues: systems.retryQueue,
    clock: systemClock,
    visibilityMs: config.retry.visibilityMs,
    credit: () => engine.replayAvailable,
    deliver: messages => { engine.replay(messages) },
    observer: {
      undecodable: (messageId, reason) => { logger.error({ messageId, reason }, 'the retry queue holds a message that is not ours; it stays there, look at it and delete it') },
      failed: (action, error, messages) => { incidents.retryQueueFailed(action, error, messages) }
    }
  })
  engine.onReplayAvailable = () => { receiver.wake() }
  return receiver
}

function addressOf (nameOrUrl: string): QueueAddress {
  return /^https?:/.test(nameOrUrl) ? { url: nameOrUrl } : { name: nameOrUrl }
}

function readJson (path: string): unknown {
  try {
    return JSON.parse(readFileSync(path, 'utf8'))
  } catch (error) {
    throw new UsageError(`EVENTS_SCHEMA: ${path} is not readable as JSON: ${describeError(error)}`)
  }
}

async function reportQueues (queues: QueueDirectory, logger: Logger, signal: AbortSignal): Promise<void> {
  for (const { key, error } of await queues.resolve(signal)) {
    logger.warn({ client: key, reason: error.message }, 'the queue of a client can not be reached; its events are held, the other clients go on. `penstock create` makes missing queues')
  }
}
