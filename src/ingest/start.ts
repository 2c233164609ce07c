import { producerConfig } from '../connectors/kafka/client-config.js'
import { eventLogTopic } from '../connectors/kafka/definition.js'
import { DeliveryProducer } from '../connectors/kafka/delivery-producer.js'
import { systemClock, type Timer } from '../engine/clock.js'
import { KafkaReporter } from '../pipelines/common/kafka-reporter.js'
import { type RunEnd, type RunningPipeline, type Service } from '../pipelines/common/run-pipeline.js'
import { type DeliveryConfig } from '../service/config/load-config.js'
import { ensureEventLog, NEW_TOPIC_PARTITIONS } from './ensure-event-log.js'
import { EventLog } from './event-log.js'
import { type IngestServer, startIngestServer } from './ingest-server.js'
import { LogWatch } from './log-watch.js'
import { Tenants } from './tenants.js'

const GAUGES_EVERY_MS = 1_000
/** Part of the grace that is kept for the producer's own end. */
const CLOSING_SHARE = 0.2
const REPEAT_WARNING_MS = 30_000

/**
 * Starts to accept events. Resolves once it listens; until the topic can be reached requests are answered with 503. Throws
 * UsageError for what only the operator can mend, such as a port that is taken.
 */
export async function startIngest (config: DeliveryConfig, service: Service): Promise<RunningPipeline & { readonly url: string }> {
  const { delivery, ingest, kafka, flow } = config
  const { logger, metrics, health } = service
  const clock = systemClock
  const producer = new DeliveryProducer({ properties: producerConfig({ ...kafka, ...config.producer }), log: new KafkaReporter(logger, 'producer'), clock })
  const log = new EventLog({ producer, clock, timeoutMs: ingest.ackTimeoutMs, maxPendingEvents: ingest.maxPendingEvents, maxPendingBytes: ingest.maxPendingBytes })
  const watch = new LogWatch({ log, producer, topic: delivery.topic, health, clock })
  const server = await startIngestServer({
    ...ingest,
    topic: delivery.topic,
    log,
    tenants: new Tenants(ingest.tenants, clock),
    clock,
    observer: {
      answered: (status, durationMs) => { metrics.ingest.answered(status, durationMs) },
      accepted: (tenant, events) => { metrics.ingest.accepted(tenant, events) },
      failed: error => { logger.error({ error }, 'a request could not be worked on') }
    }
  })
  const ending = new AbortController()
  void openWhenReady(config, service, watch, ending.signal)
  const gauging = gauge(log, service)
  logger.info({ url: `${server.url}/events`, tenants: ingest.tenants.length }, 'accepting events')

  let resolveEnded: (end: RunEnd) => void
  const ended = new Promise<RunEnd>(resolve => { resolveEnded = resolve })
  const end = async (graceMs: number): Promise<void> => {
    if (ending.signal.aborted) return
    ending.abort()
    health.red('running', 'shutting down')
    resolveEnded(await drain(server, log, graceMs) ? 'drained' : 'cut')
    watch.close()
    gauging.clear()
    await producer.close()
  }
  return {
    url: server.url,
    ended,
    stop: () => { void end(flow.shutdownGraceMs * (1 - CLOSING_SHARE)) },
    abort: () => {
      void end(0)
      resolveEnded('cut')
    }
  }
}

/** Nothing that was answered is lost by a cut; true when nothing is left that was begun. */
async function drain (server: IngestServer, log: EventLog, graceMs: number): Promise<boolean> {
  await server.close(graceMs)
  return log.pending.events === 0
}

async function openWhenReady ({ delivery, kafka }: DeliveryConfig, { logger }: Service, watch: LogWatch, signal: AbortSignal): Promise<void> {
  const { topic, retentionMs } = delivery
  const plan = eventLogTopic(topic, { partitions: NEW_TOPIC_PARTITIONS, replicationFactor: -1, maxMessageBytes: kafka.maxMessageBytes, retentionMs })
  let warnedAt = -Infinity
  const ensured = await ensureEventLog({
    kafka,
    clock: systemClock,
    signal,
    failed: (reason, waitedMs) => {
      if (waitedMs - warnedAt < REPEAT_WARNING_MS) return
      warnedAt = waitedMs
      logger.warn({ topic, reason }, 'the topic of the events can not be reached; no event is accepted meanwhile')
    }
  }, plan)
  if (ensured === undefined) return
  const { existing, brokers } = ensured
  if (existing === undefined) logger.info({ topic, partitions: plan.partitions, retentionMs }, 'the topic of the events was missing and is made')
  else if (existing.replicas < 2 && brokers > 1) logger.warn({ topic, replicas: existing.replicas }, 'a partition of the events has a single replica: what was accepted is lost with its broker')
  await watch.begin()
}

function gauge (log: EventLog, { metrics }: Service): Timer {
  let timer = systemClock.setTimer(look, GAUGES_EVERY_MS)
  function look (): void {
    metrics.ingest.pending(log.pending)
    timer = systemClock.setTimer(look, GAUGES_EVERY_MS)
  }
  return { clear: () => { timer.clear() } }
}
