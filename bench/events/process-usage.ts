import { readdirSync, readFileSync } from 'node:fs'

/** https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html: times are in ticks, 100 a second on every usual kernel. */
const MICROS_PER_TICK = 10_000
/** `utime` and `stime`, counted after the name, which may hold blanks. */
const USER_TIME = 11
const SYSTEM_TIME = 12

export interface Usage {
  /** CPU of all threads. */
  readonly cpuMicros: number
  readonly mainThreadMicros: number
  /** How long the main thread could have run and had no core. */
  readonly mainThreadWaitMicros: number
  readonly rssBytes: number
  readonly peakRssBytes: number
}

/** What processes have used so far, together, but waiting, which is their mean; peaks are added as if they had come at once. Linux only. */
export function usageOf (pids: readonly number[]): Usage {
  const usages = pids.map(usageOfOne)
  const sum = (field: keyof Usage) => usages.reduce((sum, usage) => sum + usage[field], 0)
  return {
    cpuMicros: sum('cpuMicros'),
    mainThreadMicros: sum('mainThreadMicros'),
    mainThreadWaitMicros: sum('mainThreadWaitMicros') / pids.length,
    rssBytes: sum('rssBytes'),
    peakRssBytes: sum('peakRssBytes')
  }
}

/** The processes that this one has started. */
export function childrenOf (pid: number): number[] {
  return readdirSync(`/proc/${pid}/task`)
    .flatMap(thread => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' '))
    .filter(child => child !== '').map(Number)
}

function usageOfOne (pid: number): Usage {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return {
    cpuMicros: cpuMicros(`/proc/${pid}/stat`),
    mainThreadMicros: cpuMicros(`/proc/${pid}/task/${pid}/stat`),
    mainThreadWaitMicros: Number(readFileSync(`/proc/${pid}/task/${pid}/schedstat`, 'utf8').split(' ')[1] ?? NaN) / 1000,
    rssBytes: kilobytes(status, 'VmRSS'),
    peakRssBytes: kilobytes(status, 'VmHWM')
  }
}

function cpuMicros (path: string): number {
  const stat = readFileSync(path, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[USER_TIME]) + Number(fields[SYSTEM_TIME])) * MICROS_PER_TICK
}

function kilobytes (status: string, field: string): number {
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) * 1024
}
