/**
 * The frame around an Avro value: a zero byte, then the schema's id as a 32-bit integer in network order.
 * https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
 */
export const HEADER_BYTES = 5

const MAGIC = 0
const SIGN_BIT = 0x80

/** The id of the schema that the value was written with; `undefined` when the value has no such frame. No id is negative. */
export function schemaIdOf (value: Buffer): number | undefined {
  if (value.length < HEADER_BYTES || value[0] !== MAGIC || value[1]! >= SIGN_BIT) return undefined
  return value[1]! << 24 | value[2]! << 16 | value[3]! << 8 | value[4]!
}

export function headerOf (schemaId: number): Buffer {
  const header = Buffer.alloc(HEADER_BYTES, MAGIC)
  header.writeInt32BE(schemaId, 1)
  return header
}
