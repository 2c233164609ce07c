import { setTimeout as delay } from 'node:timers/promises'
import { type TestService } from '../../helpers/service.js'

const MOST_WINDOWS = 3

/**
 * The part of one core that a service takes at rest: the least of up to three windows, of which the first below `limit` is the last.
 * The work of falling into a state, or a collection of garbage, falls into one window; a busy loop into all.
 */
export async function restingCpuShare (service: TestService, { windowMs, limit }: { windowMs: number, limit: number }): Promise<number> {
  let least = Infinity
  for (let window = 0; window < MOST_WINDOWS && least >= limit; window += 1) least = Math.min(least, await cpuShare(service, windowMs))
  return least
}

async function cpuShare (service: TestService, durationMs: number): Promise<number> {
  const before = await cpuSeconds(service)
  const startedAt = performance.now()
  await delay(durationMs)
  return (await cpuSeconds(service) - before) / ((performance.now() - startedAt) / 1000)
}

async function cpuSeconds (service: TestService): Promise<number> {
  return (await service.metrics()).sum('process_cpu_seconds_total')
}
