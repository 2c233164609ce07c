/** Every request and every answer begins with the length of what follows, in 4 bytes. */
export const SIZE_BYTES = 4

/** Cuts a byte stream of the Kafka protocol into whole frames, each with its size in front. */
export class FrameReader {
  #chunks: Buffer[] = []
  #buffered = 0
  /** Bytes of the next frame; how many is known once its size is there. */
  #wanted = SIZE_BYTES

  push (chunk: Buffer): Buffer[] {
    this.#chunks.push(chunk)
    this.#buffered += chunk.length
    if (this.#buffered < this.#wanted) return []
    const frames: Buffer[] = []
    let bytes = Buffer.concat(this.#chunks)
    for (;;) {
      this.#wanted = bytes.length < SIZE_BYTES ? SIZE_BYTES : SIZE_BYTES + bytes.readInt32BE(0)
      if (bytes.length < this.#wanted) break
      frames.push(bytes.subarray(0, this.#wanted))
      bytes = bytes.subarray(this.#wanted)
    }
    this.#chunks = [bytes]
    this.#buffered = bytes.length
    return frames
  }
}
