import { setTimeout as delay } from 'node:timers/promises'

const LOOK_EVERY_MS = 20
/** What is awaited comes in moments; on a machine that others keep busy, in many. */
const TIMEOUT_MS = 90_000

export interface EventuallyOptions {
  readonly timeoutMs?: number
  /** What else to say when it did not happen: the state of things, the end of a log. */
  readonly state?: () => string | Promise<string>
}

/**
 * Looks again and again until there is something to see, and returns it; `undefined` and `false` are nothing. Rejects
 * with what was awaited when it does not come in time. Fails at once when looking throws.
 */
export async function eventually<V> (
  what: string, look: () => V | Promise<V>, { timeoutMs = TIMEOUT_MS, state }: EventuallyOptions = {}
): Promise<Exclude<V, undefined | false>> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const seen = await look()
    if (seen !== undefined && seen !== false) return seen as Exclude<V, undefined | false>
    if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms for this, and it did not happen: ${what}\n${await state?.() ?? ''}`)
    await delay(LOOK_EVERY_MS)
  }
}
