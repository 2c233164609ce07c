import { type Clock, type Timer } from '../../engine/clock.js'
import { type Engine } from '../../engine/engine.js'
import { type Logger } from '../../service/logger.js'

const LOOK_EVERY_MS = 10_000
const REPEAT_EVERY_MS = 600_000
/** Of the retention: beyond it people are warned. */
const WARN_SHARE = 0.75

export interface LossWatchOptions {
  readonly engine: Pick<Engine<unknown>, 'partitions'>
  readonly retentionMs: number
  readonly logger: Pick<Logger, 'warn'>
  readonly clock: Clock
}

/** Warns when a destination has fallen so far behind that the topic will soon delete events before they are delivered. */
export class LossWatch {
  readonly #options: LossWatchOptions
  #timer: Timer
  #warnedAt = -Infinity

  constructor (options: LossWatchOptions) {
    this.#options = options
    this.#timer = this.#lookLater()
  }

  close (): void {
    this.#timer.clear()
  }

  #lookLater (): Timer {
    return this.#options.clock.setTimer(() => {
      this.#look()
      this.#timer = this.#lookLater()
    }, LOOK_EVERY_MS)
  }

  #look (): void {
    const { engine, retentionMs, logger, clock } = this.#options
    const oldest = Math.min(...engine.partitions().map(({ oldestTimestamp }) => oldestTimestamp < 0 ? Infinity : oldestTimestamp))
    const behindMs = clock.wallTime() - oldest
    if (behindMs < retentionMs * WARN_SHARE || clock.now() - this.#warnedAt < REPEAT_EVERY_MS) return
    this.#warnedAt = clock.now()
    logger.warn({ behindMs, lostInMs: Math.max(0, retentionMs - behindMs) }, 'a destination is so far behind that its oldest events will soon be deleted before they are delivered; mend it, or keep the topic for longer')
  }
}
