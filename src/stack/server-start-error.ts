import { readFile } from 'node:fs/promises'

/** How much of a log is shown: enough for a Java stack trace's head and its causes. */
const TAIL_LINES = 30

/** A local server that did not become ready: why, where its log is, and the log's last lines. */
export class ServerStartError extends Error {
  readonly server: string
  readonly logFile: string
  readonly logTail: string

  constructor (server: string, reason: string, logFile: string, logTail: string) {
    super(`${server} did not start: ${reason}\nThe last lines of ${logFile}:\n${indent(logTail)}`)
    this.name = 'ServerStartError'
    this.server = server
    this.logFile = logFile
    this.logTail = logTail
  }

  /** Somebody else took the port between our look at it and the server's bind. */
  get isPortTaken (): boolean {
    return /address already in use|failed to bind|BindException/i.test(this.logTail)
  }
}

/** The last lines that a server wrote since `fromByte` (its log is appended to at every start). */
export async function readLogTail (logFile: string, fromByte = 0): Promise<string> {
  const bytes = await readFile(logFile).catch(() => Buffer.alloc(0))
  const text = bytes.subarray(fromByte).toString('utf8').trimEnd()
  return text === '' ? '(the server wrote nothing)' : text.split('\n').slice(-TAIL_LINES).join('\n')
}

function indent (text: string): string {
  return text.split('\n').map(line => `  ${line}`).join('\n')
}
