import { type Test } from 'tap'
import { type BaseEntry } from '../../../src/generator/ledger.js'
import { type TestService } from '../../helpers/service.js'

interface Run<E extends BaseEntry> {
  readonly road: {
    entries (): Promise<readonly E[]>
    committed (): Promise<ReadonlyMap<number, number>>
  }
}

/** Of each partition exactly what stands before the first record that waits is committed, and all the others have their end. */
export async function expectWaiting<E extends BaseEntry> (t: Test, { road }: Run<E>, service: TestService, waits: (entry: E) => boolean): Promise<void> {
  const entries = await road.entries()
  const waiting = entries.filter(waits)
  const first = new Map<number, number>()
  const partitions = new Set<number>()
  for (const { place } of entries) if ('offset' in place) partitions.add(place.partition)
  for (const { place } of waiting) {
    if ('offset' in place) first.set(place.partition, Math.min(place.offset, first.get(place.partition) ?? Infinity))
  }
  t.equal(first.size, partitions.size, 'every partition has one')
  await service.sees('all others are settled', async () =>
    (await service.metrics()).sum('penstock_settled_records_total') === entries.length - waiting.length, 60_000)
  await service.sees('each partition is committed up to the first of them', async () => {
    const committed = await road.committed()
    return [...first].every(([partition, offset]) => offset === 0 || committed.get(partition) === offset)
  })
}
