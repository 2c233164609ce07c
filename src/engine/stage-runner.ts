import { type FateHandlers } from './aftermath.js'
import { Channel, type ChannelDependencies } from './channel.js'
import { type Flight } from './flight.js'
import { type Place } from './sequencer.js'
import { type Stage } from './stage.js'

/** Runs one stage: a channel for each of its batch keys, made when the key is first seen. */
export class StageRunner<T> {
  readonly stage: Stage<T>
  readonly #fates: FateHandlers<T>
  readonly #deps: ChannelDependencies
  readonly #channels = new Map<string, Channel<T>>()

  constructor (stage: Stage<T>, fates: FateHandlers<T>, deps: ChannelDependencies) {
    this.stage = stage
    this.#fates = fates
    this.#deps = deps
  }

  get channels (): Iterable<Channel<T>> {
    return this.#channels.values()
  }

  /** Enqueues; `pump` sends. */
  push (flight: Flight<T>): void {
    this.#channelOf(flight).add(flight)
  }

  /** Takes a place in the line before the stage; `next` is that before the stage that follows. */
  join (flight: Flight<T>, next: Place | undefined): Place {
    return this.#channelOf(flight).join(flight, next)
  }

  /** Sends what is due. `all`: also where nothing has happened since the last time. */
  pump (all = false): void {
    for (const channel of this.#channels.values()) channel.pump(all)
  }

  remove (predicate: (flight: Flight<T>) => boolean): Array<Flight<T>> {
    return [...this.#channels.values()].flatMap(channel => channel.remove(predicate))
  }

  abort (predicate: (flight: Flight<T>) => boolean): void {
    for (const channel of this.#channels.values()) channel.abort(predicate)
  }

  close (): void {
    for (const channel of this.#channels.values()) channel.close()
  }

  #channelOf (flight: Flight<T>): Channel<T> {
    const key = this.stage.batchKey?.(flight) ?? this.stage.name
    let channel = this.#channels.get(key)
    if (channel === undefined) {
      channel = new Channel(key, this.stage, this.#fates, this.#deps)
      this.#channels.set(key, channel)
    }
    return channel
  }
}
