import { consumerConfig, type KafkaConsumerSettings } from '../../connectors/kafka/client-config.js'
import { type DeliveryProducer } from '../../connectors/kafka/delivery-producer.js'
import { KafkaSource, type KafkaSourceOptions } from '../../connectors/kafka/kafka-source.js'
import { systemClock } from '../../engine/clock.js'
import { type Engine } from '../../engine/engine.js'
import { type Observer } from '../../engine/observer.js'
import { type Health } from '../../service/health.js'
import { type Logger } from '../../service/logger.js'
import { type Metrics } from '../../service/metrics/metrics.js'
import { KafkaReporter } from './kafka-reporter.js'
import { tendHealth } from './tend-health.js'

export interface Service {
  readonly logger: Logger
  readonly metrics: Metrics
  readonly health: Health
}

/** What of the service one pipeline needs. */
export interface PipelineService extends Omit<Service, 'metrics'> {
  readonly metrics: Observer & Pick<Metrics, 'collectFrom'>
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

/** What a pipeline consists of. Whoever runs it starts and ends all of it. */
export interface PipelineParts<T> {
  readonly topic: string
  readonly kafka: KafkaConsumerSettings
  readonly flow: FlowSettings
  readonly engine: Engine<T>
  readonly examiner: RunningExaminer
  /** Threads of the examiner; 0 when it works on this one. */
  readonly threads: number
  readonly deadLetters: DeliveryProducer
  /** The producer of a stage that writes to Kafka. */
  readonly output?: DeliveryProducer | undefined
  /** Takes records up from the retry queue, if there is one. */
  readonly replays?: ReplayIntake | undefined
  /** Called first; reading begins when it is done. The signal aborts when the pipeline ends. */
  prepare? (signal: AbortSignal): Promise<void> | void
  /** Called last, when nothing is sent any more: gives up the connections of the pipeline's own systems. */
  destroy (): Promise<void> | void
}

export interface FlowSettings extends Pick<KafkaSourceOptions, 'chunkRecords' | 'commitIntervalMs' | 'commitEveryRecords' | 'revokeDrainMs' | 'idlePollMs'> {
  readonly shutdownGraceMs: number
  readonly stuckPartitionMs: number
  readonly readyHoldMs: number
}

interface RunningExaminer {
  readonly problem: string | undefined
  readonly utilization: number
  readonly queueSize: number
  close (): Promise<void>
}

interface ReplayIntake {
  start (): void
  /** Takes up no more. */
  stop (): Promise<void>
  /** Finishes what it still has to say to its queue. */
  close (timeoutMs: number): Promise<void>
}

/** Part of the grace that is kept for the last commit, the retry queue's deletions and leaving the group. */
const CLOSING_SHARE = 0.2
/** Such a client commits nothing: whatever is finished is repeated all the same, so another process had better begin. */
const USELESS_CLIENT_GRACE_MS = 1_000

/** Starts a pipeline. Resolves at once; connecting goes on in the background, for as long as the brokers are away. */
export function runPipeline<T> (parts: PipelineParts<T>, { logger, metrics, health }: PipelineService): RunningPipeline {
  const { engine, examiner, deadLetters, output, replays, flow } = parts
  const source = createSource(parts, metrics, new KafkaReporter(logger, 'consumer', health))
  collectMetrics(parts, source, metrics)
  const healthTimer = tendHealth({ source, engine, examiner, deadLetters, output, health, logger, ...flow, maxPollIntervalMs: parts.kafka.maxPollIntervalMs })

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
    const drainReplays = async (): Promise<boolean> => {
      await replays?.stop()
      return await engine.drainReplays(drainMs)
    }
    const [drained, replaysDrained] = await Promise.all([source.stop(drainMs), drainReplays()])
    await replays?.close(Math.max(500, graceMs * CLOSING_SHARE / 2))
    engine.shutDown()
    healthTimer.clear()
    await Promise.all([deadLetters.close(), output?.close(), examiner.close()])
    await parts.destroy()
    resolveEnded(how === 'failed' ? 'failed' : drained && replaysDrained ? 'drained' : 'cut')
  }

  const begin = async (): Promise<void> => {
    await parts.prepare?.(connecting.signal)
    await source.start(connecting.signal, error => {
      logger.fatal({ error }, 'the Kafka client can not go on')
      void end('failed', USELESS_CLIENT_GRACE_MS)
    })
  }
  begin().catch((error: unknown) => {
    if (ending) return
    logger.fatal({ error }, 'the consumer could not be started')
    void end('failed', USELESS_CLIENT_GRACE_MS)
  })
  replays?.start()

  return {
    ended,
    stop: () => { void end('drained', flow.shutdownGraceMs) },
    abort: () => {
      engine.shutDown()
      resolveEnded('cut')
    }
  }
}

function createSource<T> ({ topic, kafka, flow, engine }: PipelineParts<T>, metrics: Observer, reporter: KafkaReporter): KafkaSource {
  const { global, topic: ofTopics } = consumerConfig(kafka)
  return new KafkaSource(engine, {
    topics: [topic],
    properties: global,
    topicProperties: ofTopics,
    cooperative: kafka.groupProtocol === 'consumer' || kafka.assignmentStrategy === 'cooperative-sticky',
    ...flow,
    sessionTimeoutMs: kafka.sessionTimeoutMs,
    clock: systemClock,
    observer: metrics,
    log: reporter
  })
}

function collectMetrics<T> ({ engine, examiner, threads }: PipelineParts<T>, source: KafkaSource, metrics: Pick<Metrics, 'collectFrom'>): void {
  metrics.collectFrom({
    partitions: () => engine.partitions().map(partition => ({
      topic: partition.topic,
      partition: partition.partition,
      lagRecords: lagOf(source.highWatermark(partition), partition.watermark),
      oldestUnsettledMs: partition.oldestAgeMs,
      oldestTimestamp: partition.oldestTimestamp,
      inFlightRecords: partition.unsettled,
      inFlightBytes: partition.unsettledBytes
    })),
    inFlight: () => engine.inFlight,
    pool: () => ({ utilization: examiner.utilization, queuedTasks: examiner.queueSize, threads })
  })
}

function lagOf (highWatermark: number | undefined, watermark: number): number | undefined {
  if (highWatermark === undefined || watermark < 0) return undefined
  return Math.max(0, highWatermark - watermark)
}
