import { createHash, randomUUID } from 'node:crypto'

const PREFIX = 'evt_'
/** Hexadecimal digits of the hash: 128 bits. */
const DIGITS = 32

/** Longest idempotency key: https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ sets none. */
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/

export function isIdempotencyKey (text: string): boolean {
  return IDEMPOTENCY_KEY.test(text)
}

/** Of the `index`-th event of a request. A repeat with the same key has the same ids; another tenant never has them. */
export function eventId (tenant: string, idempotencyKey: string | undefined, index: number): string {
  if (idempotencyKey === undefined) return PREFIX + randomUUID().replaceAll('-', '')
  return PREFIX + createHash('sha256').update(`${tenant}\0${idempotencyKey}\0${index}`).digest('hex').slice(0, DIGITS)
}
