import { setTimeout as delay } from 'node:timers/promises'
import { type KafkaSettings } from '../../connectors/kafka/client-config.js'
import { readEnds } from '../../proof/read-ends.js'
import { AppError } from '../../errors.js'
import { type DemoService } from './service.js'

const POLL_MS = 100
/** Nothing has settled for this long: the proof then says what is missing. */
const STALL_TIMEOUT_MS = 60_000
const COMMIT_TIMEOUT_MS = 15_000

/**
 * Waits until the service has settled `records` since its start, and tells how many it has: fewer when nothing moves any
 * more. Rejects when the service ends.
 */
export async function untilSettled (service: DemoService, records: number, onProgress: (settled: number) => void): Promise<number> {
  let settled = 0
  let movedAt = performance.now()
  for (;;) {
    if (!service.isRunning) throw new AppError('UNAVAILABLE', `the service has ended by itself; its log: ${service.logFile}`)
    const now = await readSettled(service.adminUrl) ?? settled
    if (now > settled) movedAt = performance.now()
    settled = now
    onProgress(settled)
    if (settled >= records || performance.now() - movedAt > STALL_TIMEOUT_MS) return settled
    await delay(POLL_MS)
  }
}

/** Waits until the group has committed the end of every partition of its topic; false when it has not in time. */
export async function untilCommitted ({ kafka }: { readonly kafka: KafkaSettings & { readonly groupId: string } }, topic: string): Promise<boolean> {
  const deadline = performance.now() + COMMIT_TIMEOUT_MS
  for (;;) {
    const ends = await readEnds(kafka, topic, kafka.groupId)
    if (ends.every(({ low, end, committed }) => committed === end || low === end)) return true
    if (performance.now() > deadline) return false
    await delay(POLL_MS)
  }
}

/** Undefined when it can not be told at the moment. */
async function readSettled (adminUrl: string): Promise<number | undefined> {
  try {
    const response = await fetch(`${adminUrl}/metrics`)
    return settledIn(await response.text())
  } catch {
    return undefined
  }
}

export function settledIn (metrics: string): number | undefined {
  const value = /^penstock_settled_records_total (\d+)$/m.exec(metrics)?.[1]
  return value === undefined ? undefined : Number(value)
}
