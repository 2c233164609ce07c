import { writeSync } from 'node:fs'

export const HOOKS_VARIABLE = 'FAULTS_HOOKS'
/** Threads have no `process.stderr.fd`. */
const STDERR_FD = 2

/**
 * Where the main thread can be struck:
 * - `before-…`: the call has not left;
 * - `after-…`: it is answered, and nothing of the answer is handled. A write goes to the table, a send to a queue or a destination, a
 *   dead letter and a commit to Kafka;
 * - `during-revoke`, `during-drain`: the drain of a revocation, or of the process' end, has begun, and a call that was
 *   under way is answered while records of it are unsettled;
 * - `poll`: the client is about to be asked for records.
 */
export const POINTS = [
  'before-write', 'after-write', 'before-send', 'after-send', 'before-dead-letter', 'after-dead-letter', 'before-commit', 'after-commit',
  'during-revoke', 'during-drain', 'poll'
] as const

export type Point = typeof POINTS[number]

/**
 * `kill`: SIGKILL to itself; `stall`: its event loop stands still for `forMs`, and
 * as long after that as the file `until` is not there; `throw`, `reject undefined`, `reject {}`:
 * an error that nobody catches; `hoard`: it takes memory until it dies of it; `hang`, at a poll: it never comes back.
 */
export type Deed = 'kill' | 'stall' | 'hang' | 'throw' | 'reject undefined' | 'reject {}' | 'hoard'

/**
 * What a validation thread does when it reads the record: ends, never ends, takes memory until it dies of it, throws when
 * its chunk has long been answered; or nothing, where only the time is of interest.
 */
export type ThreadDeed = 'exit' | 'loop' | 'hoard' | 'throw late' | 'nothing'

export interface Orders {
  readonly at?: Point
  /** At the nth time there; the first when absent. Strikes once. */
  readonly nth?: number
  /** `kill` when absent. */
  readonly deed?: Deed
  readonly forMs?: number
  readonly until?: string
  /** In validation threads, at each record whose uid begins with `marker`. */
  readonly atRecord?: { readonly marker: string, readonly deed: ThreadDeed }
  /** Validation threads die while they load, as long as this file exists. */
  readonly threadsDieWhile?: string
  /** What its wall clock is ahead of the machine's, in ms, as long as this file says so: see `ServiceClock`. */
  readonly clock?: string
  /** Heap of the process. */
  readonly maxHeapMb?: number
}

/** One line on the service's standard error. */
export interface Reached {
  /** A point, `thread-start`, `clock`, or the uid of a record. */
  readonly reached: string
  readonly deed: string
  readonly nth: number
  readonly pid: number
  /** ms since 1970 */
  readonly at: number
}

/** Written at once, whatever happens to the process next. */
export function sayReached (reached: string, deed: string, nth: number): void {
  writeSync(STDERR_FD, `${JSON.stringify({ reached, deed, nth, pid: process.pid, at: Date.now() } satisfies Reached)}\n`)
}
