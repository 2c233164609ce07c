// @ts-check
/**
 * Reads the TAP stream of a run (https://testanything.org/tap-version-14-specification.html): a subtest per file at the
 * top, whose own test points are the tests that are counted.
 */

/**
 * @typedef {object} FileResult
 * @property {string} file
 * @property {boolean} ok
 * @property {boolean} hasCrashed it failed without a failed test: it crashed, hung, or could not be loaded
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 * @property {string[]} output everything the file reported
 */

const FILE_START = /^# Subtest: (.*)$/
const FILE_END = /^(not )?ok \d+ - (.*?)(?: # time=.*)?$/
const TEST_POINT = /^ {4}(not )?ok \d+/
const NOT_RUN = / # (?:SKIP|TODO)\b/i

export class TapReader {
  passed = 0
  failed = 0
  skipped = 0
  /** @type {FileResult | undefined} */
  #current
  /** @type {(result: FileResult) => void} */
  #onFile

  /** @param {(result: FileResult) => void} onFile called at the end of each file */
  constructor (onFile) {
    this.#onFile = onFile
  }

  /** The file whose report is being read. @returns {string | undefined} */
  get currentFile () {
    return this.#current?.file
  }

  /** @param {string} line without its line feed */
  push (line) {
    const start = FILE_START.exec(line)
    if (start !== null) {
      this.#current = { file: start[1] ?? '', ok: true, hasCrashed: false, passed: 0, failed: 0, skipped: 0, output: [] }
    } else if (line.startsWith('Bail out!')) {
      this.#end('(bailed out)', false)
    } else if (/^(not )?ok /.test(line)) {
      const end = FILE_END.exec(line)
      this.#end(end?.[2] ?? line, end?.[1] === undefined)
    } else if (this.#current !== undefined) {
      this.#readInside(this.#current, line)
    }
  }

  /**
   * @param {FileResult} current
   * @param {string} line
   */
  #readInside (current, line) {
    current.output.push(line)
    const point = TEST_POINT.exec(line)
    if (point === null) return
    if (NOT_RUN.test(line)) current.skipped++
    else if (point[1] === undefined) current.passed++
    else current.failed++
  }

  /**
   * A crash counts as one failure.
   * @param {string} file
   * @param {boolean} ok
   */
  #end (file, ok) {
    const result = this.#current ?? { file, ok, hasCrashed: false, passed: 0, failed: 0, skipped: 0, output: [] }
    this.#current = undefined
    result.ok = ok
    result.hasCrashed = !ok && result.failed === 0
    if (result.hasCrashed) result.failed = 1
    this.passed += result.passed
    this.failed += result.failed
    this.skipped += result.skipped
    this.#onFile(result)
  }
}
