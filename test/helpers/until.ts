import { setTimeout as delay } from 'node:timers/promises'

const POLL_INTERVAL_MS = 10

/** Waits until a condition holds; throws when it does not in time. */
export async function until (condition: () => boolean | Promise<boolean>, timeoutMs = 10_000): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!await condition()) {
    if (performance.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${condition.toString()}`)
    await delay(POLL_INTERVAL_MS)
  }
}
