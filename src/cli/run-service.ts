import { absentFeatures, missingFeatures } from '../connectors/kafka/features.js'
import { describeError, UsageError } from '../errors.js'
import { type RunningPipeline, type Service } from '../pipelines/common/run-pipeline.js'
import { startAdminServer } from '../service/admin-server.js'
import { type LoadedConfig, loadConfig, type PipelineConfig, type PipelineConfigs } from '../service/config/load-config.js'
import { type PipelineName } from '../service/config/pipelines.js'
import { CONNECTING, Health } from '../service/health.js'
import { createLogger, type Logger } from '../service/logger.js'
import { Metrics } from '../service/metrics/metrics.js'
import { EXIT } from './exit-codes.js'
import { type Ending, ServiceLifecycle } from './service-lifecycle.js'

type Start<P extends PipelineName> = (config: PipelineConfigs[P], service: Service) => RunningPipeline | Promise<RunningPipeline>

/** Runs a pipeline as this process, from its configuration to its exit. Throws UsageError before anything has started. */
export async function runService<P extends PipelineName> (name: P, start: Start<P>): Promise<void> {
  const loaded = loadConfig(process.env, name)
  const { config, secrets } = loaded
  refuseMissingFeatures(config)
  const logger = createLogger({ level: config.service.logLevel, secrets })
  const metrics = new Metrics()
  const health = createHealth(logger, metrics)
  const admin = await startAdminServer({ host: config.service.adminHost, port: config.service.adminPort, health, metrics })
  const lifecycle = new ServiceLifecycle({ logger, graceMs: config.flow.shutdownGraceMs, exit: ending => leave(logger, ending) })
  lifecycle.listen(process)
  // The channel to the launcher is listened to, but must not keep a process that has nothing left to do.
  process.channel?.unref()
  try {
    const pipeline = await start(config, { logger, metrics, health })
    report(logger, loaded, admin.url)
    health.green('running')
    lifecycle.own(pipeline)
  } catch (error) {
    await admin.close()
    throw error
  }
}

/** Starting and stopping are said once, elsewhere. */
function createHealth (logger: Logger, metrics: Metrics): Health {
  const warned = new Set<string>()
  const health = new Health((check, reason) => {
    metrics.health(check, reason === undefined)
    if (check === 'running' || reason === CONNECTING) {
      logger.debug({ check, reason }, 'health')
    } else if (reason !== undefined) {
      warned.add(check)
      logger.warn({ check, reason }, 'not healthy')
    } else if (warned.delete(check)) {
      logger.info({ check }, 'healthy again')
    }
  })
  health.red('running', 'starting')
  return health
}

function refuseMissingFeatures (config: PipelineConfig): void {
  const missing = missingFeatures(config.kafka)
  if (missing.length === 0) return
  throw new UsageError('This build of the Kafka client lacks what the configuration needs:',
    missing.map(({ feature, neededFor, remedy }) => `${feature}, for ${neededFor}: ${remedy}`))
}

function report (logger: Logger, { warnings }: LoadedConfig, adminUrl: string): void {
  for (const warning of warnings) logger.warn(warning)
  for (const { feature, remedy } of absentFeatures()) {
    logger.warn({ feature }, `the Kafka client was built without ${feature}; topics that need it can not be read. Remedy: ${remedy}`)
  }
  logger.info({
    node: process.version, flags: process.execArgv, threadPoolSize: process.env.UV_THREADPOOL_SIZE ?? 'default', glibcTunables: process.env.GLIBC_TUNABLES, admin: adminUrl
  }, 'started')
}

/**
 * Tells the launcher first: a native library can keep a process from ending, and then only its parent can end it.
 * Without the launcher that started it nobody asks for the exit code, and nobody else would end it.
 */
function leave (logger: Logger, { code, why }: Ending): void {
  if (code === EXIT.ok) logger.info({ code }, why)
  else logger.error({ code }, why)
  if (process.send === undefined) process.exit(code)
  if (!process.connected) process.kill(process.pid, 'SIGKILL')
  process.send({ exiting: code }, undefined, {}, error => {
    if (error !== null) logger.debug({ reason: describeError(error) }, 'the launcher is gone')
    process.exit(code)
  })
}
