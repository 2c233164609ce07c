import { type Clock, systemClock } from '../engine/clock.js'
import { describeError } from '../errors.js'
import { type RunEnd, type RunningPipeline } from '../pipelines/common/run-pipeline.js'
import { type Logger } from '../service/logger.js'
import { EXIT } from './exit-codes.js'

export interface Ending {
  readonly code: number
  readonly why: string
}

export interface LifecycleOptions {
  readonly logger: Pick<Logger, 'info' | 'warn' | 'fatal'>
  /** How long the pipeline may drain; it keeps this deadline itself, and the lifecycle a little longer one. */
  readonly graceMs: number
  readonly exit: (ending: Ending) => void
  readonly clock?: Clock
}

/** What a lifecycle listens to: `process`, or a stand-in in tests. */
export interface ProcessEvents {
  on (event: string, listener: (...args: unknown[]) => void): unknown
}

const ENDINGS: Readonly<Record<RunEnd, Ending>> = {
  drained: { code: EXIT.ok, why: 'drained' },
  cut: { code: EXIT.cut, why: 'ended before everything was drained; what is not done is not committed' },
  failed: { code: EXIT.failure, why: 'the pipeline failed' }
}

/** Beyond the grace, for a pipeline that does not keep its own deadline. */
const WATCHDOG_MARGIN_MS = 3_000
/** How long an orderly end may take after an error that nobody caught. */
const FATAL_GRACE_MS = 2_000

/**
 * When and how the process ends: the first signal drains, the second ends at once, a launcher that dies counts as a
 * signal, and an error that nobody caught ends it with code 1. Exits exactly once.
 */
export class ServiceLifecycle {
  readonly #options: LifecycleOptions
  #pipeline: RunningPipeline | undefined
  #signals = 0
  #failed = false
  #exited = false

  constructor (options: LifecycleOptions) {
    this.#options = options
  }

  listen (events: ProcessEvents): void {
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) events.on(signal, () => this.#end(signal))
    events.on('disconnect', () => this.#end('the end of the launcher'))
    events.on('uncaughtException', error => this.#fail(error, 'an exception that nobody caught'))
    events.on('unhandledRejection', reason => this.#fail(reason, 'a rejection that nobody handled'))
  }

  /** From now on this pipeline's end is the process' end. */
  own (pipeline: RunningPipeline): void {
    this.#pipeline = pipeline
    pipeline.ended.then(
      end => this.#exit(this.#failed ? { ...ENDINGS.failed, why: 'ended after an error that nobody caught' } : ENDINGS[end]),
      (error: unknown) => this.#fail(error, 'the pipeline broke')
    )
    if (this.#failed) pipeline.abort()
    else if (this.#signals > 0) pipeline.stop()
  }

  #end (cause: string): void {
    this.#signals++
    const { logger, graceMs } = this.#options
    if (this.#signals === 1) {
      logger.info({ cause, graceMs }, 'draining; a second signal ends it at once')
      this.#watch(graceMs + WATCHDOG_MARGIN_MS, ENDINGS.cut)
      this.#pipeline?.stop()
    } else if (this.#signals === 2) {
      logger.warn({ cause }, 'ending at once')
      this.#watch(FATAL_GRACE_MS, ENDINGS.cut)
      this.#pipeline?.abort()
    }
    if (this.#pipeline === undefined) this.#exit(ENDINGS.drained)
  }

  /** Whatever was thrown: it may be `undefined` or `{}`. A further error on the way out changes nothing. */
  #fail (error: unknown, what: string): void {
    this.#options.logger.fatal({ error, reason: describeError(error) }, what)
    if (this.#failed) return
    this.#failed = true
    this.#watch(FATAL_GRACE_MS, ENDINGS.failed)
    this.#pipeline?.abort()
  }

  #watch (delayMs: number, ending: Ending): void {
    const { clock = systemClock } = this.#options
    clock.setTimer(() => this.#exit(ending), delayMs)
  }

  #exit (ending: Ending): void {
    if (this.#exited) return
    this.#exited = true
    this.#options.exit(ending)
  }
}
