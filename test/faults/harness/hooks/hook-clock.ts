import { readFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'
import { sayReached } from './orders.js'

const LOOK_EVERY_MS = 20

/**
 * Puts the wall clock of JavaScript ahead of the machine's, or behind it, by what this file says in ms. What counts from
 * a start goes on as it is: timers, `performance.now`, `process.hrtime`; and so does the clock of native code, which
 * takes the time from the system.
 */
export function hookClock (file: string): void {
  const OwnDate = Date
  const now = OwnDate.now
  let aheadMs = 0
  OwnDate.now = () => now() + aheadMs
  globalThis.Date = new Proxy(OwnDate, {
    construct: (target, args: unknown[], newTarget) => Reflect.construct(target, args.length === 0 ? [OwnDate.now()] : args, newTarget) as Date,
    apply: () => new OwnDate(OwnDate.now()).toString()
  })
  setInterval(() => {
    const toldMs = readNumber(file) ?? aheadMs
    if (toldMs === aheadMs) return
    aheadMs = toldMs
    if (isMainThread) sayReached('clock', String(aheadMs), 1)
  }, LOOK_EVERY_MS).unref()
}

/** Nothing once the test has ended. */
function readNumber (file: string): number | undefined {
  try {
    return Number(readFileSync(file, 'utf8'))
  } catch {
    return undefined
  }
}
