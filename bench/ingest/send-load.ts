import { Pool } from 'undici'

export interface Load {
  readonly seconds: number
  /** Requests in flight, each on a connection of its own. */
  readonly inFlight: number
  /** Events of one request. */
  readonly batch: number
  readonly payloadBytes: number
  readonly users: number
}

export interface Sent {
  /** Those answered with 202. */
  readonly requests: number
  readonly events: number
  readonly seconds: number
  readonly latenciesMs: { at (share: number): number }
}

/** Sends as fast as answers come. Rejects at the first answer other than 202. */
export async function sendLoad (url: string, { seconds, inFlight, batch, payloadBytes, users }: Load): Promise<Sent> {
  const { origin, pathname: path } = new URL(url)
  const pool = new Pool(origin, { connections: inFlight })
  const bodies = Array.from({ length: users }, (_, user) => bodyOf(user, batch, payloadBytes, users))
  const headers = { 'content-type': 'application/json' }
  const latencies: number[] = []
  const startedAt = performance.now()
  const endsAt = startedAt + seconds * 1000
  let next = 0
  const sendOn = async (): Promise<void> => {
    for (let now = performance.now(); now < endsAt;) {
      const { statusCode, body } = await pool.request({ path, method: 'PUT', headers, body: bodies[next++ % users]! })
      if (statusCode !== 202) throw new Error(`after ${Math.round(performance.now() - now)} ms: ${statusCode} ${await body.text()}`)
      await body.dump()
      const then = performance.now()
      latencies.push(then - now)
      now = then
    }
  }
  try {
    await Promise.all(Array.from({ length: inFlight }, sendOn))
  } finally {
    await pool.destroy()
  }
  const elapsedMs = performance.now() - startedAt
  latencies.sort((a, b) => a - b)
  return {
    requests: latencies.length,
    events: latencies.length * batch,
    seconds: elapsedMs / 1000,
    latenciesMs: { at: share => latencies[Math.floor(latencies.length * share)] ?? NaN }
  }
}

function bodyOf (user: number, batch: number, payloadBytes: number, users: number): Buffer {
  const events = Array.from({ length: batch }, (_, at) => ({ user_id: `user_${(user + at) % users}`, payload: 'x'.repeat(payloadBytes) }))
  return Buffer.from(JSON.stringify(batch === 1 ? events[0] : events))
}
