import { AppError } from '../../../src/errors.js'
import { type TestService } from '../../helpers/service.js'

/** Of a busy machine; how long it may take is for who asks. */
const TIMEOUT_MS = 120_000

export interface Progressing {
  readonly road: Road
  readonly services: readonly TestService[]
}

interface Road {
  /** By partition. */
  committed (): Promise<ReadonlyMap<number, number>>
}

/** Waits until the broker holds a later offset of the group than now, of every partition. Needs a load, and records with keys. */
export async function progress ({ road, services }: Progressing, partitions: number): Promise<void> {
  const alive = services.find(service => !service.hasExited)
  let before: ReadonlyMap<number, number> | undefined
  await alive?.sees('every partition is committed further', async () => {
    const now = await committed(road)
    before ??= now
    return now?.size === partitions && [...now].every(([partition, offset]) => offset > (before?.get(partition) ?? 0))
  }, TIMEOUT_MS)
}

/** Nothing while the brokers do not answer. */
async function committed (road: Road): Promise<ReadonlyMap<number, number> | undefined> {
  try {
    return await road.committed()
  } catch (error) {
    if (error instanceof AppError && error.code === 'UNAVAILABLE') return undefined
    throw error
  }
}
