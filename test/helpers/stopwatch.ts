import { readdirSync, readFileSync } from 'node:fs'

/** Not more of a time is excused. */
const MOST_EXCUSED = 0.75

/**
 * Measures a time, and what a busy machine took of it: how long this process and those below it waited for a processor
 * meanwhile, of each process the thread that waited longest. Where the system does not tell, nothing is excused.
 */
export class Stopwatch {
  readonly #startedAt = performance.now()
  readonly #before = waitsMs()

  /** Since it was made. */
  get elapsedMs (): number {
    return performance.now() - this.#startedAt
  }

  /** The same without the waiting: what is to be held against the service. */
  get ownMs (): number {
    const elapsedMs = this.elapsedMs
    return Math.round(elapsedMs - this.#excusedMs(elapsedMs))
  }

  /** The waiting; at most three quarters of the time. */
  get excusedMs (): number {
    return Math.round(this.#excusedMs(this.elapsedMs))
  }

  #excusedMs (elapsedMs: number): number {
    let waitedMs = 0
    for (const [pid, threads] of waitsMs()) {
      const before = this.#before.get(pid)
      waitedMs += Math.max(0, ...[...threads].map(([thread, ms]) => ms - (before?.get(thread) ?? 0)))
    }
    return Math.min(waitedMs, elapsedMs * MOST_EXCUSED)
  }
}

/** Of each process from this one downwards, by thread. */
function waitsMs (): Map<string, Map<string, number>> {
  return new Map(familyOf(String(process.pid)).map(pid => [pid, new Map(list(`/proc/${pid}/task`).map(thread => [thread, waitMs(`/proc/${pid}/task/${thread}`)]))]))
}

function familyOf (pid: string): string[] {
  const children = new Map<string, string[]>()
  for (const each of list('/proc')) {
    // What stands in brackets is a name of any characters.
    const parent = /\) \S (\d+) /.exec(read(`/proc/${each}/stat`))?.[1]
    if (parent !== undefined) children.set(parent, [...children.get(parent) ?? [], each])
  }
  const family = [pid]
  for (const each of family) family.push(...children.get(each) ?? [])
  return family
}

/** Time on a processor, time of waiting for one, in ns: https://docs.kernel.org/scheduler/sched-stats.html */
function waitMs (folder: string): number {
  return Number(read(`${folder}/schedstat`).split(' ')[1] ?? 0) / 1e6
}

/** By their numbers. */
function list (folder: string): string[] {
  try {
    return readdirSync(folder).filter(name => /^\d+$/.test(name))
  } catch {
    return [] // it has ended meanwhile, or this is not Linux
  }
}

function read (file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
