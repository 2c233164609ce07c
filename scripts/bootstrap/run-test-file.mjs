// @ts-check
import { runCommand } from './child.mjs'
import { TapReader } from './tap-reader.mjs'

/** What a file gets, beyond its time, to say which of its tests hangs on what. */
const GRACE_MS = 15_000

/**
 * @typedef {object} FileResult
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {string | undefined} defect what is wrong with the file beside its failed tests
 * @property {string[]} output all it wrote, in order
 */

/**
 * Runs one built test file in a process of its own, by Node itself: the files are plain JavaScript by then, and tests that
 * start many worker threads once ran into their time limit under tap's runner and passed without it.
 * @param {string} file
 * @param {{ cwd: string, timeoutSeconds: number }} options
 * @returns {Promise<FileResult>}
 */
export async function runTestFile (file, { cwd, timeoutSeconds }) {
  const reader = new TapReader()
  /** @type {string[]} */
  const output = []
  const exitCode = await runCommand(process.execPath, ['--enable-source-maps', file], {
    cwd,
    env: { TAP_TIMEOUT: String(timeoutSeconds) },
    killAfterMs: timeoutSeconds * 1000 + GRACE_MS,
    onLine: line => {
      output.push(line)
      reader.push(line)
    },
    onErrorLine: line => output.push(line)
  })
  const defect = reader.end(exitCode)
  const { passed, failed, skipped } = reader
  return { passed, failed, skipped, defect, output }
}
