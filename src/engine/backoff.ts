/** Capped exponential backoff with full jitter: `random(0, min(cap, base · 2^tries))`, in ms. */
export interface Backoff {
  readonly baseMs: number
  readonly maxMs: number
  readonly random: () => number
}

export function backoffDelay (backoff: Backoff, tries: number, draw = backoff.random()): number {
  return draw * Math.min(backoff.maxMs, backoff.baseMs * 2 ** Math.min(tries, 30))
}
