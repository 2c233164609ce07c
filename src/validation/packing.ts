/**
 * The values of a chunk in one buffer that can be moved to a worker without a copy. A value as Kafka's client gives it
 * may be a slice of memory it shares with others, so moving that would take its neighbours along.
 *
 * Layout: the number of values, their lengths (-1 for null), as 32-bit integers; then the values, one after the other.
 */
export function packValues (values: ReadonlyArray<Buffer | null>): ArrayBuffer {
  let bytes = 4 * (values.length + 1)
  for (const value of values) bytes += value?.length ?? 0
  const packed = new ArrayBuffer(bytes)
  const lengths = new Int32Array(packed, 0, values.length + 1)
  const target = new Uint8Array(packed)
  let at = lengths.byteLength
  lengths[0] = values.length
  for (let index = 0; index < values.length; index++) {
    const value = values[index]!
    lengths[index + 1] = value === null ? -1 : value.length
    if (value === null) continue
    target.set(value, at)
    at += value.length
  }
  return packed
}

/** The values, as views on `packed`, in order. */
export function unpackValues (packed: ArrayBuffer): Array<Buffer | null> {
  const count = new Int32Array(packed, 0, 1)[0]!
  const lengths = new Int32Array(packed, 0, count + 1)
  const values: Array<Buffer | null> = []
  let at = lengths.byteLength
  for (let index = 1; index <= count; index++) {
    const length = lengths[index]!
    if (length < 0) {
      values.push(null)
    } else {
      values.push(Buffer.from(packed, at, length))
      at += length
    }
  }
  return values
}
