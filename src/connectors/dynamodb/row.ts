import { type AttributeValue } from '@aws-sdk/client-dynamodb'
import { poison, type Poison } from '../../engine/outcome.js'
import { ITEM_MAX_BYTES, PARTITION_KEY_MAX_BYTES } from './limits.js'

/** One row as it is sent: attribute values in the wire's own form, the key among them. */
export interface Row {
  readonly key: string
  readonly attributes: Record<string, AttributeValue>
}

/** Why a table could never take this row. */
export function checkRow (row: Row): Poison | undefined {
  const keyBytes = Buffer.byteLength(row.key)
  if (keyBytes === 0) return poison('REFUSED', 'the key is empty')
  if (keyBytes > PARTITION_KEY_MAX_BYTES) return poison('KEY_TOO_LARGE', `${keyBytes} bytes`)
  const bytes = itemBytes(row.attributes)
  if (bytes > ITEM_MAX_BYTES) return poison('ITEM_TOO_LARGE', `${bytes} bytes`)
  return undefined
}

/**
 * The size of an item as DynamoDB counts it, never less.
 * https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/CapacityUnitCalculations.html
 */
export function itemBytes (attributes: Readonly<Record<string, AttributeValue>>): number {
  let bytes = 0
  for (const name in attributes) bytes += Buffer.byteLength(name) + valueBytes(attributes[name])
  return bytes
}

/** Items above this are measured as JSON; 25 items below it fit a call even if JSON writes each byte as six. */
const MEASURED_FROM_BYTES = 64 * 1024

/** What a row adds to a call. Exact for large rows only: small ones can not fill a call. */
export function wireBytes (row: Row): number {
  const bytes = itemBytes(row.attributes)
  return bytes < MEASURED_FROM_BYTES ? bytes : Buffer.byteLength(JSON.stringify(row.attributes))
}

/** Each list or map, and each of its elements, costs some bytes beyond its content. */
const COLLECTION_OVERHEAD_BYTES = 3
const ELEMENT_OVERHEAD_BYTES = 1

function valueBytes (value: AttributeValue | undefined): number {
  if (value === undefined) return 0
  if (value.S !== undefined) return Buffer.byteLength(value.S)
  if (value.N !== undefined) return numberBytes(value.N)
  if (value.B !== undefined) return value.B.length
  if (value.SS !== undefined) return sum(value.SS, text => Buffer.byteLength(text))
  if (value.NS !== undefined) return sum(value.NS, numberBytes)
  if (value.BS !== undefined) return sum(value.BS, bytes => bytes.length)
  if (value.L !== undefined) return COLLECTION_OVERHEAD_BYTES + sum(value.L, element => ELEMENT_OVERHEAD_BYTES + valueBytes(element))
  if (value.M !== undefined) {
    return COLLECTION_OVERHEAD_BYTES + sum(Object.entries(value.M), ([name, element]) =>
      ELEMENT_OVERHEAD_BYTES + Buffer.byteLength(name) + valueBytes(element))
  }
  return 1 // NULL, BOOL
}

/** One byte for two digits, one more for the exponent, one for a sign; zeroes at the ends are not trimmed here. */
function numberBytes (text: string): number {
  return Math.ceil(text.length / 2) + 2
}

function sum<T> (values: readonly T[], bytesOf: (value: T) => number): number {
  return values.reduce((bytes, value) => bytes + bytesOf(value), 0)
}
