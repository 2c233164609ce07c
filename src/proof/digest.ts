import { hash } from 'node:crypto'
import { type Header } from '../engine/record.js'

/** SHA-256 in hex, as the ledger writes it: of no bytes for null. */
export function sha256 (bytes: Buffer | string | null): string {
  return hash('sha256', bytes ?? '')
}

/** Tells a key of no bytes from no key. */
export function keyDigest (key: Buffer | null): string {
  return key === null ? 'null' : sha256(key)
}

/** Names, values and order. A header without a value counts as an empty one: that is how it arrives in a dead letter. */
export function headersDigest (headers: readonly Header[]): string {
  return headers.length === 0 ? '' : sha256(JSON.stringify(headers.map(([name, value]) => [name, (value ?? '').toString('base64')])))
}
