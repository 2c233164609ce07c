import { setTimeout as delay } from 'node:timers/promises'
import { type TestService } from '../../helpers/service.js'

/** The part of one core that a service takes during this time. */
export async function cpuShare (service: TestService, durationMs: number): Promise<number> {
  const before = await cpuSeconds(service)
  const startedAt = performance.now()
  await delay(durationMs)
  return (await cpuSeconds(service) - before) / ((performance.now() - startedAt) / 1000)
}

async function cpuSeconds (service: TestService): Promise<number> {
  return (await service.metrics()).sum('process_cpu_seconds_total')
}
