// @ts-check
import fs from 'node:fs'

const TAIL_LINES = 40

/** Compilers and make say what is wrong long before their callers give up. */
const CAUSE = /\berror( TS\d+)?: |\*\*\* (?!Waiting)/
const MAX_CAUSES = 10

/** A step that failed: what, why, the end of its log, and what to do. */
export class StepError extends Error {
  /**
   * @param {string} title
   * @param {string} reason
   * @param {string} logFile
   * @param {string} remedy
   */
  constructor (title, reason, logFile, remedy) {
    const log = readText(logFile)
    const lines = log.trimEnd().split('\n')
    const causes = lines.slice(0, -TAIL_LINES).filter(line => CAUSE.test(line)).slice(0, MAX_CAUSES)
    super([
      `Failed: ${title}: ${reason}.`,
      `The end of ${logFile}:`,
      ...causes.map(line => `  ${line}`),
      ...causes.length > 0 ? ['  …'] : [],
      ...lines.slice(-TAIL_LINES).map(line => `  ${line}`),
      '',
      remedyFor(log) ?? remedy
    ].join('\n'))
    this.name = 'StepError'
  }
}

/**
 * A remedy that the log itself calls for.
 * @param {string} log
 * @returns {string | undefined}
 */
export function remedyFor (log) {
  if (/ENOSPC|No space left on device/i.test(log)) return DISK_FULL
  if (/ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|UnknownHostException|Connection (refused|timed out)/.test(log)) {
    return 'A package registry could not be reached: check the network (and the proxy settings of npm and Maven), then run the command again.'
  }
  if (/Killed signal|cc1plus: out of memory|\(program cc1plus\)/.test(log)) {
    return 'The compiler ran out of memory: close other programs or add memory, then run the command again.'
  }
  return undefined
}

export const DISK_FULL = 'The disk is full: free 2 GB where the project lies, then run the command again; it goes on where it stopped.'

/** @param {string} file */
function readText (file) {
  try {
    return fs.readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
