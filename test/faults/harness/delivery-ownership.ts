import { type TestService } from '../../helpers/service.js'

const EVENTS: readonly unknown[] = ['assigned', 'revoked', 'lost']

/**
 * Waits until a service with one destination owns so many partitions, by what it says of its rebalances: the gauges of
 * partitions are those of pipelines with one group.
 */
export async function owns (service: TestService, partitions: number, timeoutMs = 60_000): Promise<void> {
  await service.sees(`it owns ${partitions} partitions`, () => ownedBy(service).size === partitions, timeoutMs)
}

function ownedBy ({ log }: TestService): Set<string> {
  const owned = new Set<string>()
  for (const { event, partitions } of log) {
    if (!EVENTS.includes(event) || partitions === '') continue
    for (const partition of String(partitions).split(' ')) {
      if (event === 'assigned') owned.add(partition)
      else owned.delete(partition)
    }
  }
  return owned
}
