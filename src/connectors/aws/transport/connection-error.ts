/** Node's names for what undici calls otherwise: https://github.com/nodejs/undici/blob/v7.x/docs/docs/api/Errors.md */
const NODE_CODES: Readonly<Record<string, string>> = {
  UND_ERR_SOCKET: 'ECONNRESET',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'ECONNRESET',
  UND_ERR_CONNECT_TIMEOUT: 'ETIMEDOUT',
  UND_ERR_HEADERS_OVERFLOW: 'HPE_HEADER_OVERFLOW'
}

/** An error of the connection under the code that Node gives it. Those of the operating system and of TLS have one already. */
export function connectionError (error: Error): Error {
  const code = nodeCodeOf(error)
  return code === undefined ? error : Object.assign(new Error(error.message, { cause: error }), { code })
}

function nodeCodeOf (error: Error): string | undefined {
  if (error.name === 'HTTPParserError') return 'HPE_INVALID_CONSTANT' // It does not say which.
  return 'code' in error && typeof error.code === 'string' ? NODE_CODES[error.code] : undefined
}
