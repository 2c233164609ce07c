import { type Channel } from './channel.js'
import { type Clock, type Timer } from './clock.js'
import { type EngineLimits, type HoldStatus } from './engine-options.js'
import { type Flight } from './flight.js'
import { type Road } from './road.js'

const TEND_EVERY_MS = 500
const POSTPONE_REPLAY_MS = 30_000

export interface HoldsOptions<T> {
  readonly road: Road<T>
  readonly clock: Clock
  readonly limits: EngineLimits
  /** A partition has used up its span. */
  readonly spanUsed: () => boolean
  readonly postpone: (flights: ReadonlyArray<Flight<T>>, delayMs: number) => void
}

/**
 * Tends the channels that are held. A held stage pauses the intake. A held batch key must not stop the others: its
 * records go to the retry queue once it has been held too long, or they and those of other held keys fill half of the
 * credit, or a partition's span is used up, or at once when their partition is drained. Replays go back at once.
 */
export class Holds<T> {
  readonly #options: HoldsOptions<T>
  #held: ReadonlyArray<Channel<T>> = []
  #timer: Timer | undefined

  constructor (options: HoldsOptions<T>) {
    this.#options = options
    this.#tendLater()
  }

  /** A channel is held, or no more. */
  changed (): void {
    this.#held = [...this.#options.road.stageChannels()].filter(channel => channel.hold !== undefined)
  }

  get pauseIntake (): boolean {
    return this.#held.some(channel => channel.pausesIntake)
  }

  /** What waits in held keys of partitions that are drained: the next owner would repeat all that stands above it. */
  handOverDraining (): void {
    const { road } = this.#options
    for (const channel of this.#heldKeys()) {
      if (road.handsOver) road.handOverHeld(channel, flight => flight.origin.draining)
    }
  }

  status (): HoldStatus[] {
    const now = this.#options.clock.now()
    const holds: HoldStatus[] = []
    for (const { stage, channel } of this.#options.road.channels()) {
      if (channel.hold === undefined) continue
      const { reason: { scope, code, detail }, since } = channel.hold
      holds.push({ stage, key: channel.key, scope, code, detail, heldMs: now - since, waiting: channel.waiting })
    }
    return holds
  }

  close (): void {
    this.#timer?.clear()
  }

  #tendLater (): void {
    this.#timer = this.#options.clock.setTimer(() => {
      this.#tend()
      this.#tendLater()
    }, TEND_EVERY_MS)
  }

  #tend (): void {
    const keys = this.#heldKeys()
    if (keys.length === 0) return
    const { road, clock, limits, spanUsed, postpone } = this.#options
    postpone(keys.flatMap(channel => channel.remove(flight => flight.origin.replay)), POSTPONE_REPLAY_MS)
    if (!road.handsOver) return
    const crowded = spanUsed() || this.#fillHalfTheCredit(keys)
    for (const channel of keys) {
      const since = channel.hold?.since ?? Infinity
      if (crowded || clock.now() - since >= limits.holdMaxMs) road.handOverHeld(channel)
    }
    road.pump()
  }

  #heldKeys (): Array<Channel<T>> {
    return this.#held.filter(channel => channel.hold?.reason.scope === 'key')
  }

  #fillHalfTheCredit (channels: ReadonlyArray<Channel<T>>): boolean {
    let records = 0
    let bytes = 0
    for (const channel of channels) {
      records += channel.waiting
      bytes += channel.waitingBytes
    }
    const { maxInFlightRecords, maxInFlightBytes } = this.#options.limits
    return records * 2 >= maxInFlightRecords || bytes * 2 >= maxInFlightBytes
  }
}
