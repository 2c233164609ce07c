import { STATUS_CODES } from 'node:http'
import { type FastifyReply } from 'fastify'
import { type Flaw } from './read-events.js'

/** What a client is told when it is refused (RFC 9457). It quotes nothing of the request and nothing of this process. */
export interface Problem {
  readonly status: number
  readonly detail: string
  /** Of a body: what is wrong, event by event. */
  readonly errors?: readonly Flaw[]
  /** When it is worth trying again, in ms. */
  readonly retryAfterMs?: number
  readonly headers?: Readonly<Record<string, string>>
}

export const PROBLEM_TYPE = 'application/problem+json'

export function sendProblem (reply: FastifyReply, { status, detail, errors, retryAfterMs, headers }: Problem): FastifyReply {
  if (retryAfterMs !== undefined) reply.header('retry-after', String(Math.max(1, Math.ceil(retryAfterMs / 1000))))
  if (headers !== undefined) reply.headers(headers)
  const title = STATUS_CODES[status] ?? 'Error'
  return reply.code(status).type(PROBLEM_TYPE).send(JSON.stringify({ type: 'about:blank', title, status, detail, errors }))
}
