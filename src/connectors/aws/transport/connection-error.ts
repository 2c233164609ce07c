/** What a connection that broke is called, by undici's own codes: https://github.com/nodejs/undici/blob/main/docs/docs/api/Errors.md */
const NODE_CODES: Readonly<Record<string, string>> = {
  UND_ERR_SOCKET: 'ECONNRESET',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'ECONNRESET',
  UND_ERR_CONNECT_TIMEOUT: 'ETIMEDOUT'
}

/** An error of the connection under the code that Node gives it. Those of the operating system and of TLS have one already. */
export function connectionError (error: Error): Error {
  const code = 'code' in error && typeof error.code === 'string' ? NODE_CODES[error.code] : undefined
  return code === undefined ? error : Object.assign(new Error(error.message, { cause: error }), { code })
}
