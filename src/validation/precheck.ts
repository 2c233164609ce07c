import { isUtf8 } from 'node:buffer'
import { poison, type Poison } from '../engine/outcome.js'

/** What a record may cost before it is parsed. */
export interface JsonLimits {
  readonly maxBytes: number
  /** Objects and arrays inside each other; `{}` is 1. */
  readonly maxDepth: number
  /** Keys of all objects of the record together. */
  readonly maxKeys: number
}

/** Whether the value is worth carrying to a worker at all. Constant time: nothing is read. */
export function checkSize (value: Buffer | null, maxBytes: number): Poison | undefined {
  if (value === null || value.length === 0) return EMPTY
  if (value.length > maxBytes) return poison('TOO_LARGE', `${value.length} bytes, at most ${maxBytes}`)
  return undefined
}

/** Bytes that are text, without the byte order mark that RFC 8259 § 8.1 forbids. */
export function checkText (value: Buffer): Poison | undefined {
  if (!isUtf8(value)) return NOT_UTF8
  if (value[0] === 0xEF && value[1] === 0xBB && value[2] === 0xBF) return BOM
  return undefined
}

/**
 * Depth and keys in one pass over the bytes, so that `JSON.parse` never meets what could exhaust it. Says how many keys
 * are written in the text, which `checkKeys` compares with what parsing left. On text that is not JSON the numbers
 * mean nothing; parsing refuses it afterwards.
 */
export function checkShape (value: Buffer, limits: JsonLimits): number | Poison {
  const { maxDepth, maxKeys } = limits
  let depth = 0
  let keys = 0
  for (let at = 0; at < value.length; at++) {
    const byte = value[at]
    if (byte === QUOTE) {
      at = endOfString(value, at + 1)
    } else if (byte === COLON) {
      if (++keys > maxKeys) return poison('TOO_MANY_KEYS', `more than ${maxKeys}`)
    } else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) {
      if (++depth > maxDepth) return poison('TOO_DEEP', `more than ${maxDepth} levels`)
    } else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) {
      depth--
    }
  }
  return keys
}

/**
 * Refuses objects on whose meaning two readers could differ, and keys that pollute prototypes where someone merges
 * objects carelessly. Parsing keeps one value of keys that are the same, however they are escaped: so a key was written
 * twice in some object exactly when fewer keys are left than the text holds (`written`, of `checkShape`).
 */
export function checkKeys (parsed: unknown, written: number): Poison | undefined {
  const kept = countKeys(parsed)
  if (kept === FORBIDDEN) return FORBIDDEN_KEY
  if (kept !== written) return poison('DUPLICATE_KEY', `${written} keys are written, ${kept} are distinct`)
  return undefined
}

const QUOTE = 0x22
const BACKSLASH = 0x5C
const COLON = 0x3A
const OPEN_BRACE = 0x7B
const CLOSE_BRACE = 0x7D
const OPEN_BRACKET = 0x5B
const CLOSE_BRACKET = 0x5D

const EMPTY = poison('EMPTY_VALUE', 'no bytes')
const NOT_UTF8 = poison('NOT_UTF8', 'malformed sequence')
const BOM = poison('BYTE_ORDER_MARK', 'EF BB BF')
const FORBIDDEN_KEY = poison('FORBIDDEN_KEY', '__proto__ or constructor')
const FORBIDDEN = -1

/** Where the quote that closes the string is, or the end of the text. */
function endOfString (value: Buffer, start: number): number {
  let at = start
  while (at < value.length) {
    const byte = value[at]
    if (byte === QUOTE) return at
    at += byte === BACKSLASH ? 2 : 1
  }
  return at
}

/** Keys of all objects together; -1 as soon as one is forbidden. Recursion is bounded by the depth limit. */
function countKeys (value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  let count = 0
  if (Array.isArray(value)) {
    for (const item of value) {
      const inner = countKeys(item)
      if (inner === FORBIDDEN) return FORBIDDEN
      count += inner
    }
    return count
  }
  for (const key in value) {
    if (key === '__proto__' || key === 'constructor') return FORBIDDEN
    count++
    const item = (value as Record<string, unknown>)[key]
    if (typeof item === 'object') {
      const inner = countKeys(item)
      if (inner === FORBIDDEN) return FORBIDDEN
      count += inner
    }
  }
  return count
}
