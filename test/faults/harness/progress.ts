import { type FaultRun } from './fault-run.js'

/** Waits until the broker holds a later offset of the group than now, of every partition. Needs a load, and records with keys. */
export async function progress ({ road, services }: FaultRun, partitions: number): Promise<void> {
  const before = await road.committed()
  const alive = services.find(service => !service.hasExited)
  await alive?.sees('every partition is committed further', async () => {
    const now = await road.committed()
    return now.size === partitions && [...now].every(([partition, offset]) => offset > (before.get(partition) ?? 0))
  }, 60_000)
}
