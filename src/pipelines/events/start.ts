import { readFileSync } from 'node:fs'
import { createDynamoDBClient, createSqsClient } from '../../connectors/aws/clients.js'
import { consumerConfig, producerConfig } from '../../connectors/kafka/client-config.js'
import { DeliveryProducer } from '../../connectors/kafka/delivery-producer.js'
import { KafkaSource } from '../../connectors/kafka/kafka-source.js'
import { QueueDirectory, type QueueAddress } from '../../connectors/sqs/queue-directory.js'
import { queueAddresses } from '../../connectors/sqs/queue-addresses.js'
import { RetryQueueReceiver } from '../../connectors/sqs/retry-queue-receiver.js'
import { RETRY_QUEUE_KEY } from '../../connectors/sqs/retry-send-stage.js'
import { systemClock } from '../../engine/clock.js'
import { describeError, UsageError } from '../../errors.js'
import { type EventsConfig } from '../../service/config/load-config.js'
import { type Health } from '../../service/health.js'
import { type Logger } from '../../service/logger.js'
import { type Metrics } from '../../service/metrics/metrics.js'
import { createEventsExaminer, type EventsExaminer } from './examiner.js'
import { KafkaReporter } from './kafka-reporter.js'
import { createEventsEngine } from './pipeline.js'
import { IncidentReporter } from './incident-reporter.js'
import { tendHealth } from './tend-health.js'
import { createTransports } from './transports.js'

export interface Service {
  readonly logger: Logger
  readonly metrics: Metrics
  readonly health: Health
}

/** How a run ended: everything started was finished and committed; the deadline cut it; or it broke. */
export type RunEnd = 'drained' | 'cut' | 'failed'

export interface RunningPipeline {
  readonly ended: Promise<RunEnd>
  /** Drains and ends; `ended` tells how. */
  stop (): void
  /** Ends at once, committing nothing that is not done. */
  abort (): void
}

/** Part of the grace that is kept for the last commit, the retry queue's deletions and leaving the group. */
const CLOSING_SHARE = 0.2
/** Such a client commits nothing: whatever is finished is repeated all the same, so another process had better begin. */
const USELESS_CLIENT_GRACE_MS = 1_000
const AWS_SOCKETS_BESIDE_THE_STAGES = 16

/**
 * Starts the events pipeline. Resolves at once; connecting goes on in the background, for as long as the brokers are
 * away. Throws UsageError for what only the operator can mend: a schema that can not be honoured, say.
 */
export function startEventsPipeline (config: EventsConfig, service: Service): RunningPipeline {
  const { logger, metrics, health } = service
  const clock = systemClock
  const incidents = new IncidentReporter(logger, metrics)
  const reporter = new KafkaReporter(logger, 'consumer', health)
  const examiner = createExaminer(config)
  const systems = createSystems(config, examiner, logger)
  const engine = createEventsEngine(config, systems, { clock, random: Math.random, observer: metrics, incidents })
  const properties = consumerConfig(config.kafka)
  const source = new KafkaSource(engine, {
    topics: [config.events.topic],
    properties: properties.global,
    topicProperties: properties.topic,
    cooperative: config.kafka.groupProtocol === 'consumer' || config.kafka.assignmentStrategy === 'cooperative-sticky',
    ...config.flow,
    sessionTimeoutMs: config.kafka.sessionTimeoutMs,
    clock,
    observer: metrics,
    log: reporter
  })
  const receiver = systems.retryQueue === undefined || config.sqs.order === 'strict'
    ? undefined
    : new RetryQueueReceiver({
      calls: { client: systems.sqs, callTimeoutMs: config.aws.requestTimeoutMs },
      queues: systems.retryQueue,
      clock,
      visibilityMs: config.retry.visibilityMs,
      credit: () => engine.replayAvailable,
      deliver: messages => { engine.replay(messages) },
      observer: {
        undecodable: (messageId, reason) => { logger.error({ messageId, reason }, 'the retry queue holds a message that is not ours; it stays there, look at it and delete it') },
        failed: (action, error, messages) => { incidents.retryQueueFailed(action, error, messages) }
      }
    })
  if (receiver !== undefined) engine.onReplayAvailable = () => { receiver.wake() }

  metrics.collectFrom({
    partitions: () => engine.partitions().map(partition => ({
      topic: partition.topic,
      partition: partition.partition,
      lagRecords: lagOf(source.highWatermark(partition), partition.watermark),
      oldestUnsettledMs: partition.oldestAgeMs,
      inFlightRecords: partition.unsettled,
      inFlightBytes: partition.unsettledBytes
    })),
    inFlight: () => engine.inFlight,
    pool: () => poolState(examiner, config.validation.threads)
  })
  const healthTimer = tendHealth({
    source, engine, examiner, deadLetters: systems.deadLetters, health, logger, ...config.flow, maxPollIntervalMs: config.kafka.maxPollIntervalMs
  })

  let resolveEnded: (end: RunEnd) => void
  const ended = new Promise<RunEnd>(resolve => { resolveEnded = resolve })
  const connecting = new AbortController()
  let ending = false

  const end = async (how: RunEnd, graceMs: number): Promise<void> => {
    if (ending) return
    ending = true
    connecting.abort()
    health.red('running', 'shutting down')
    const drainMs = graceMs * (1 - CLOSING_SHARE)
    await receiver?.stop()
    const [drained, replaysDrained] = await Promise.all([source.stop(drainMs), engine.drainReplays(drainMs)])
    await receiver?.close(Math.max(500, graceMs * CLOSING_SHARE / 2))
    engine.shutDown()
    healthTimer.clear()
    await Promise.all([systems.deadLetters.close(), examiner.close()])
    systems.transports.destroy()
    systems.dynamodb.destroy()
    systems.sqs.destroy()
    resolveEnded(how === 'failed' ? 'failed' : drained && replaysDrained ? 'drained' : 'cut')
  }

  void source.start(connecting.signal, error => {
    logger.fatal({ error }, 'the Kafka client can not go on')
    void end('failed', USELESS_CLIENT_GRACE_MS)
  }).catch((error: unknown) => {
    logger.fatal({ error }, 'the consumer could not be started')
    void end('failed', USELESS_CLIENT_GRACE_MS)
  })
  void reportQueues(systems.queues, logger, connecting.signal)
  receiver?.start()

  return {
    ended,
    stop: () => { void end('drained', config.flow.shutdownGraceMs) },
    abort: () => {
      engine.shutDown()
      resolveEnded('cut')
    }
  }
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

function lagOf (highWatermark: number | undefined, watermark: number): number | undefined {
  if (highWatermark === undefined || watermark < 0) return undefined
  return Math.max(0, highWatermark - watermark)
}

function poolState (examiner: EventsExaminer, threads: number): { utilization: number, queuedTasks: number, threads: number } {
  return 'utilization' in examiner
    ? { utilization: examiner.utilization, queuedTasks: examiner.queueSize, threads }
    : { utilization: 0, queuedTasks: 0, threads: 0 }
}

async function reportQueues (queues: QueueDirectory, logger: Logger, signal: AbortSignal): Promise<void> {
  for (const { key, error } of await queues.resolve(signal)) {
    logger.warn({ client: key, reason: error.message }, 'the queue of a client can not be reached; its events are held, the other clients go on. `penstock create` makes missing queues')
  }
}
