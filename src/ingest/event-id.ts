import { createHash, randomFillSync } from 'node:crypto'

const PREFIX = 'evt_'
const ID_BYTES = 16
/** Hexadecimal. */
const DIGITS = 2 * ID_BYTES

/** Longest idempotency key: https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ sets none. */
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/

export function isIdempotencyKey (text: string): boolean {
  return IDEMPOTENCY_KEY.test(text)
}

/** Of the `index`-th event of a request. A repeat with the same key has the same ids; another tenant never has them. */
export function eventId (tenant: string, idempotencyKey: string | undefined, index: number): string {
  if (idempotencyKey === undefined) return PREFIX + randomDigits()
  return PREFIX + createHash('sha256').update(`${tenant}\0${idempotencyKey}\0${index}`).digest('hex').slice(0, DIGITS)
}

/** Drawn for many ids at once, since a draw costs more than an id. */
const drawn = Buffer.alloc(256 * ID_BYTES)
let used = drawn.length

function randomDigits (): string {
  if (used === drawn.length) {
    randomFillSync(drawn)
    used = 0
  }
  used += ID_BYTES
  return drawn.toString('hex', used - ID_BYTES, used)
}
