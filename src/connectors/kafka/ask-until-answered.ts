import { type Clock } from '../../engine/clock.js'
import { describeError } from '../../errors.js'
import { KafkaAdmin } from './admin.js'
import { type KafkaSettings } from './client-config.js'
import { pause } from './connection.js'

const CONNECT_TIMEOUT_MS = 5_000
const RETRY_MS = 1_000

export interface Asking {
  readonly kafka: KafkaSettings
  readonly clock: Clock
  readonly signal: AbortSignal
  /** Waits until it is this caller's turn to ask, where many would ask at once; each asking has connections of its own. */
  turn? <A> (ask: () => Promise<A>): Promise<A>
  /** The brokers could not be asked; it is tried again. `waitedMs`: altogether. */
  failed (reason: string, waitedMs: number): void
}

/**
 * Asks the cluster every second until there is an answer, however long the brokers are away or there is none to give.
 * Never rejects; `undefined` when `signal` aborts first.
 */
export async function askUntilAnswered<A> ({ kafka, clock, signal, turn = atOnce, failed }: Asking, question: (admin: KafkaAdmin, waitedMs: number) => Promise<A | undefined>): Promise<A | undefined> {
  const startedAt = clock.now()
  while (!signal.aborted) {
    try {
      const answer = await turn(async () => signal.aborted ? undefined : await ask(kafka, async admin => await question(admin, clock.now() - startedAt)))
      if (signal.aborted) return undefined
      if (answer !== undefined) return answer
    } catch (error) {
      failed(describeError(error), clock.now() - startedAt)
    }
    await pause(clock, RETRY_MS, signal)
  }
  return undefined
}

async function atOnce<A> (ask: () => Promise<A>): Promise<A> {
  return await ask()
}

async function ask<A> (kafka: KafkaSettings, question: (admin: KafkaAdmin) => Promise<A>): Promise<A> {
  const admin = await KafkaAdmin.connect(kafka, CONNECT_TIMEOUT_MS)
  try {
    return await question(admin)
  } finally {
    await admin.close()
  }
}
