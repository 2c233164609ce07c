// @ts-check
/**
 * Counts the tests in what a test file reports: the test points at the top level of its TAP stream, whatever assertions
 * are below them. https://testanything.org/tap-version-14-specification.html
 */

const TEST_POINT = /^(not )?ok\b/
const NOT_RUN = / # (?:SKIP|TODO)\b/i
const PLAN = /^1\.\.\d+/
const BAIL_OUT = /^Bail out!/

export class TapReader {
  passed = 0
  failed = 0
  skipped = 0
  #hasPlan = false

  /** @param {string} line without its line feed */
  push (line) {
    if (PLAN.test(line)) this.#hasPlan = true
    if (BAIL_OUT.test(line)) this.failed++
    const point = TEST_POINT.exec(line)
    if (point === null) return
    if (NOT_RUN.test(line)) this.skipped++
    else if (point[1] === undefined) this.passed++
    else this.failed++
  }

  /**
   * What is wrong with the file beside its failed tests, which then counts as one more failure; undefined when nothing is.
   * @param {number} exitCode
   * @returns {string | undefined}
   */
  end (exitCode) {
    const defect = this.#defect(exitCode)
    if (defect !== undefined) this.failed++
    return defect
  }

  /** @param {number} exitCode */
  #defect (exitCode) {
    if (!this.#hasPlan) return `it ended before its tests did, with exit code ${exitCode}`
    if (this.passed + this.failed + this.skipped === 0) return 'it has no tests'
    if (exitCode !== 0 && this.failed === 0) return `its tests passed, but it ended with exit code ${exitCode}`
    return undefined
  }
}
