export interface HttpRequest {
  readonly path: string
  /** Of an AWS JSON protocol, without the service's name: `SendMessageBatch`. Empty: no such call. */
  readonly operation: string
  readonly body: Buffer
  /** Where the next request begins. */
  readonly end: number
}

const HEAD_END = Buffer.from('\r\n\r\n')
const LINE_END = Buffer.from('\r\n')
const CONTENT_LENGTH = /\r\ncontent-length: *(\d+)/i
const CHUNKED = /\r\ntransfer-encoding: *chunked/i
const TARGET = /\r\nx-amz-target: *\w+\.(\w+)/i
const NOTHING = Buffer.alloc(0)

/**
 * The request that begins at `start`, or how many bytes must be there, from `start` on, before it pays to look again.
 * https://www.rfc-editor.org/rfc/rfc9112, as far as HTTP clients of the AWS services use it.
 */
export function readRequest (bytes: Buffer, start: number): HttpRequest | number {
  const headEnd = bytes.indexOf(HEAD_END, start)
  if (headEnd === -1) return bytes.length - start + 1
  const head = bytes.toString('latin1', start, headEnd)
  const bodyStart = headEnd + HEAD_END.length
  const path = head.slice(head.indexOf(' ') + 1, head.indexOf(' ', head.indexOf(' ') + 1))
  const operation = TARGET.exec(head)?.[1] ?? ''
  const length = CONTENT_LENGTH.exec(head)?.[1]
  if (length !== undefined) {
    const end = bodyStart + Number(length)
    return end > bytes.length ? end - start : { path, operation, body: bytes.subarray(bodyStart, end), end }
  }
  if (!CHUNKED.test(head)) return { path, operation, body: NOTHING, end: bodyStart }
  const chunked = readChunks(bytes, bodyStart)
  return typeof chunked === 'number' ? chunked - start : { path, operation, ...chunked }
}

/** The body and where it ends, or how many bytes must be there. */
function readChunks (bytes: Buffer, start: number): { readonly body: Buffer, readonly end: number } | number {
  const chunks: Buffer[] = []
  for (let at = start; ;) {
    const lineEnd = bytes.indexOf(LINE_END, at)
    if (lineEnd === -1) return bytes.length + 1
    // What follows a semicolon is an extension, which parseInt leaves out.
    const length = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
    const chunkStart = lineEnd + LINE_END.length
    const chunkEnd = chunkStart + length
    const next = chunkEnd + LINE_END.length
    if (next > bytes.length) return next
    if (length === 0) return { body: chunks.length === 1 ? chunks[0] as Buffer : Buffer.concat(chunks), end: next }
    chunks.push(bytes.subarray(chunkStart, chunkEnd))
    at = next
  }
}
