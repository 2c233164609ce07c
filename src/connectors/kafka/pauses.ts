import { type Clock } from '../../engine/clock.js'
import { type Intake, type TopicPartition } from '../../engine/intake.js'
import { includes } from './partition-list.js'

/** A pause throws away what the client has fetched ahead, so a partition is not paused and resumed with every poll. */
const RESUME_BLOCKED_EVERY_MS = 50

/** What is asked of the client. */
export interface PausingClient {
  pause (partitions: readonly TopicPartition[]): void
  resume (partitions: readonly TopicPartition[]): void
}

export interface PausesOptions {
  readonly intake: Pick<Intake, 'blocked'>
  readonly clock: Clock
  readonly client: PausingClient
  readonly assigned: () => readonly TopicPartition[]
}

/**
 * Which partitions are not fetched: all of them while there is no credit, and each whose span is used up. The client
 * remembers a pause beyond the assignment it was made in, and so it is taken back before a partition is given back.
 */
export class Pauses {
  readonly #options: PausesOptions
  #all = false
  #blocked: readonly TopicPartition[] = []
  #resumedBlockedAt = 0

  constructor (options: PausesOptions) {
    this.#options = options
  }

  /** Everything is paused. */
  get all (): boolean {
    return this.#all
  }

  pauseAll (): void {
    this.#all = true
    this.#pause(this.#options.assigned())
  }

  /** All but those whose span is used up. */
  resumeAll (): void {
    this.#all = false
    this.#resume(this.#options.assigned().filter(partition => !includes(this.#blocked, partition)))
  }

  assigned (partitions: readonly TopicPartition[]): void {
    if (this.#all) this.#pause(partitions)
  }

  released (partitions: readonly TopicPartition[]): void {
    this.#resume(partitions.filter(partition => this.#all || includes(this.#blocked, partition)))
    this.#blocked = this.#blocked.filter(partition => !includes(partitions, partition))
  }

  /** Before every poll: pauses partitions whose span is used up, one by one, and resumes them when it has shrunk. */
  tendBlocked (): void {
    const { intake, clock, assigned } = this.#options
    const blocked = intake.blocked()
    if (blocked.length === 0 && this.#blocked.length === 0) return
    const known = this.#blocked.filter(partition => includes(assigned(), partition))
    const fresh = blocked.filter(partition => !includes(known, partition) && includes(assigned(), partition))
    this.#pause(fresh)
    this.#blocked = [...known, ...fresh]
    const now = clock.now()
    if (now - this.#resumedBlockedAt < RESUME_BLOCKED_EVERY_MS) return
    this.#resumedBlockedAt = now
    const over = this.#blocked.filter(partition => !includes(blocked, partition))
    this.#blocked = this.#blocked.filter(partition => includes(blocked, partition))
    if (!this.#all) this.#resume(over)
  }

  #pause (partitions: readonly TopicPartition[]): void {
    if (partitions.length > 0) this.#options.client.pause(partitions)
  }

  #resume (partitions: readonly TopicPartition[]): void {
    if (partitions.length > 0) this.#options.client.resume(partitions)
  }
}
