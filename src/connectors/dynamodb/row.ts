// `import { type … }` would load the SDK, and this is loaded by the workers too.
import type { AttributeValue } from '@aws-sdk/client-dynamodb'
import { poison, type Poison } from '../../engine/outcome.js'
import { type Fragment, fragmentOf, jsonOf } from '../aws/fragment.js'
import { ITEM_MAX_BYTES, PARTITION_KEY_MAX_BYTES } from './limits.js'

/** One row, ready to be sent. */
export interface Row {
  readonly key: string
  /** The attributes in the wire's own form, the key among them: `{"UUID":{"S":"…"},…}` */
  readonly item: Fragment
  /** Its size as DynamoDB counts it, never less: see `itemBytes`. */
  readonly itemBytes: number
}

/** Attributes that say which record a row was written from: what `putNewest` compares. */
export const SOURCE_PARTITION = 'SourcePartition'
export const SOURCE_OFFSET = 'SourceOffset'

/** Attributes as JSON can carry them: binary values are not among them. */
export function encodeRow (key: string, attributes: Readonly<Record<string, AttributeValue>>): Row {
  return { key, item: fragmentOf(JSON.stringify(attributes)), itemBytes: itemBytes(attributes) }
}

/** For the rare paths that look into a row. */
export function attributesOf (row: Row): Record<string, AttributeValue> {
  return JSON.parse(jsonOf(row.item)) as Record<string, AttributeValue>
}

/** Why a table could never take this row. */
export function checkRow (row: Row): Poison | undefined {
  const keyBytes = Buffer.byteLength(row.key)
  if (keyBytes === 0) return poison('REFUSED', 'the key is empty')
  if (keyBytes > PARTITION_KEY_MAX_BYTES) return poison('KEY_TOO_LARGE', `${keyBytes} bytes`)
  if (row.itemBytes > ITEM_MAX_BYTES) return poison('ITEM_TOO_LARGE', `${row.itemBytes} bytes`)
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

/** What a row adds to a call. */
export function wireBytes ({ item }: Row): number {
  return item.end - item.start + PUT_REQUEST_BYTES
}

const PUT_REQUEST_BYTES = '{"PutRequest":{"Item":}},'.length

/** Each list or map, and each of its elements, costs some bytes beyond its content. */
const COLLECTION_OVERHEAD_BYTES = 3
const ELEMENT_OVERHEAD_BYTES = 1

function valueBytes (value: AttributeValue | undefined): number {
  if (value === undefined) return 0
  if (value.S !== undefined) return Buffer.byteLength(value.S)
  if (value.N !== undefined) return numberBytes(value.N.length)
  if (value.B !== undefined) return value.B.length
  if (value.SS !== undefined) return sum(value.SS, text => Buffer.byteLength(text))
  if (value.NS !== undefined) return sum(value.NS, text => numberBytes(text.length))
  if (value.BS !== undefined) return sum(value.BS, bytes => bytes.length)
  if (value.L !== undefined) return COLLECTION_OVERHEAD_BYTES + sum(value.L, element => ELEMENT_OVERHEAD_BYTES + valueBytes(element))
  if (value.M !== undefined) {
    return COLLECTION_OVERHEAD_BYTES + sum(Object.entries(value.M), ([name, element]) =>
      ELEMENT_OVERHEAD_BYTES + Buffer.byteLength(name) + valueBytes(element))
  }
  return 1 // NULL, BOOL
}

/** One byte for two characters, one more for the exponent, one for a sign; zeroes at the ends are not trimmed here. */
export function numberBytes (characters: number): number {
  return Math.ceil(characters / 2) + 2
}

function sum<T> (values: readonly T[], bytesOf: (value: T) => number): number {
  return values.reduce((bytes, value) => bytes + bytesOf(value), 0)
}
