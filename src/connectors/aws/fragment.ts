/**
 * A piece of JSON text, in UTF-8, within memory that many records may share. It is copied into the body of a call as it
 * is, so nothing is parsed or written anew on the way.
 */
export interface Fragment {
  readonly bytes: Buffer
  readonly start: number
  readonly end: number
}

/** A piece with memory of its own. */
export function fragmentOf (json: string): Fragment {
  const bytes = Buffer.from(json)
  return { bytes, start: 0, end: bytes.length }
}

export function jsonOf ({ bytes, start, end }: Fragment): string {
  return bytes.toString('utf8', start, end)
}

/** The piece itself, sharing its memory. */
export function bytesOf ({ bytes, start, end }: Fragment): Buffer {
  return bytes.subarray(start, end)
}
