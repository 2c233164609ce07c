import { UsageError } from '../errors.js'

/** The variables `<prefix>_HOST` and `<prefix>_PORT` say where a server listens. */
export interface ListenSettings {
  readonly prefix: 'ADMIN' | 'INGEST'
  readonly host: string
  readonly port: number
  /** For examples. */
  readonly usualPort: number
}

/** Why a server can not listen, in words with a remedy where the operator can mend it. */
export function listenError (error: NodeJS.ErrnoException, { prefix, host, port, usualPort }: ListenSettings): Error {
  const variable = { host: `${prefix}_HOST`, port: `${prefix}_PORT` }
  const remedies: Readonly<Record<string, string>> = {
    EADDRINUSE: `${variable.port}: port ${port} of ${host} is taken. Stop what uses it, or set another one, for example ${variable.port}=${port === 65_535 ? usualPort : port + 1}, or ${variable.port}=0 for any free port.`,
    EACCES: `${variable.port}: this user may not listen on port ${port}. Set one above 1023, for example ${variable.port}=${usualPort}.`,
    EADDRNOTAVAIL: `${variable.host}: ${host} is no address of this machine. Set one, for example ${variable.host}=127.0.0.1.`,
    ENOTFOUND: `${variable.host}: ${host} is not known. Set an address of this machine, for example ${variable.host}=127.0.0.1.`
  }
  const remedy = remedies[error.code ?? '']
  return remedy === undefined ? error : new UsageError(remedy)
}

export function httpUrl (host: string, port: number): string {
  return `http://${host.includes(':') ? `[${host}]` : host}:${port}`
}
