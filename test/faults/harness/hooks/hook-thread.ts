import { existsSync } from 'node:fs'
import { type Orders, sayReached, type ThreadDeed } from './orders.js'

/** When the record's chunk has most likely been answered. */
const LATE_MS = 5

const DEEDS: Readonly<Record<ThreadDeed, () => void>> = {
  exit: () => process.exit(7),
  loop: () => { for (;;); },
  'throw late': () => { setTimeout(() => { throw new Error('thrown late, on purpose') }, LATE_MS) },
  hoard: () => {
    for (const hoard: unknown[] = []; ;) hoard.push(new Array(500_000).fill(hoard))
  },
  nothing: () => {}
}

/** A record is met where the thread parses it. */
export function hookThread ({ atRecord, threadsDieWhile }: Orders): void {
  if (threadsDieWhile !== undefined && existsSync(threadsDieWhile)) {
    sayReached('thread-start', 'exit', 1)
    process.exit(9)
  }
  if (atRecord === undefined) return
  const parse = JSON.parse
  let times = 0
  JSON.parse = (text, reviver) => {
    const parsed: unknown = parse(text, reviver)
    const uid = uidOf(parsed)
    if (uid?.startsWith(atRecord.marker) === true) {
      sayReached(uid, atRecord.deed, ++times)
      DEEDS[atRecord.deed]()
    }
    return parsed
  }
}

function uidOf (parsed: unknown): string | undefined {
  return typeof parsed === 'object' && parsed !== null && 'uid' in parsed && typeof parsed.uid === 'string' ? parsed.uid : undefined
}
