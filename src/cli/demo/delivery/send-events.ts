import { AppError } from '../../../errors.js'
import { type SentEvent } from '../../../proof/delivery/recorded-request.js'

const BATCH_EVENTS = 50
const TRIES = 5

/** Sends events over HTTP, one after the other and in batches; resolves with those that were accepted, in their order. */
export async function sendEvents (url: string, count: number, users: number): Promise<SentEvent[]> {
  const sent: SentEvent[] = []
  while (sent.length < count) {
    // The first as the document's curl sends it.
    const size = sent.length === 0 ? 1 : Math.min(BATCH_EVENTS, count - sent.length)
    const events = Array.from({ length: size }, (_, at) => ({ user_id: `user_test_${(sent.length + at) % users + 1}`, payload: `event click ${sent.length + at} !!!!` }))
    const ids = await send(url, size === 1 ? events[0] : events, `demo-${sent.length}`)
    events.forEach(({ user_id: userId, payload }, at) => { sent.push({ id: ids[at] ?? '', userId, payload }) })
  }
  return sent
}

/** A repeat carries the same idempotency key, and so the same ids. */
async function send (url: string, body: unknown, idempotencyKey: string): Promise<string[]> {
  let status = 0
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const response = await fetch(url, { method: 'PUT', headers: { 'content-type': 'application/json', 'idempotency-key': idempotencyKey }, body: JSON.stringify(body) })
    status = response.status
    const answer = await response.json() as { id?: string, ids?: string[] }
    if (status === 202) return answer.ids ?? [answer.id ?? '']
    if (status !== 503) break
  }
  throw new AppError('UNAVAILABLE', `the service answered ${status} to an event`)
}
