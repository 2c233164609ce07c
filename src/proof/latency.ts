export interface LatencySummary {
  readonly count: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}

/** Undefined when there is nothing to summarise. Percentiles by the nearest rank. */
export function summariseLatency (latenciesMs: readonly number[]): LatencySummary | undefined {
  const sorted = Float64Array.from(latenciesMs).sort()
  const rank = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0
  return sorted.length === 0 ? undefined : { count: sorted.length, p50Ms: rank(0.5), p99Ms: rank(0.99), maxMs: rank(1) }
}
