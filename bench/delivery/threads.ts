import { readdirSync, readFileSync } from 'node:fs'

/** How many threads of each kind the processes have. Linux only. */
export function threadsOf (pids: readonly number[]): ReadonlyMap<string, number> {
  return countKinds(pids.flatMap(pid => readdirSync(`/proc/${pid}/task`).map(thread => nameOf(pid, thread))))
}

/** librdkafka numbers its brokers, and cuts their names off: `rdk:broker1`, `rdk:broker-1`. */
export function countKinds (names: readonly string[]): ReadonlyMap<string, number> {
  const kinds = new Map<string, number>()
  for (const name of names) {
    const kind = name.startsWith('rdk:broker') ? 'rdk:broker' : name
    if (kind !== '') kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  }
  return kinds
}

/** Empty when it has ended meanwhile. */
function nameOf (pid: number, thread: string): string {
  try {
    return readFileSync(`/proc/${pid}/task/${thread}/comm`, 'utf8').trim()
  } catch {
    return ''
  }
}
