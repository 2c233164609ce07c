import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { type NamedTest } from './bug.js'
import { builtFile } from './project-copy.js'

/** What a test file says of one of its tests. `missing`: it has none of that title, or ended before it. */
export interface TestResult {
  readonly end: 'passed' | 'failed' | 'skipped' | 'missing'
  /** The first assertion that did not hold. */
  readonly assertion: string | undefined
  /** The end of what the file wrote. */
  readonly tail: string
}

/** What a file gets, beyond its time, to say which of its tests hangs. */
const GRACE_MS = 15_000
const TAIL_LINES = 15
/** The same random numbers each time, so that what was found once is found again; and no time lost on the shortest schedule. */
const FIXED = { FAULTS_SEED: '1', SIMULATION_SHRINK: '0' }

const TEST_POINT = /^(not )?ok \d+ - (.*?)( # SKIP.*| # time=.*)?$/
const FAILED_ASSERTION = /^\s+not ok \d+ - (.*?)(?: # time=.*)?$/

/** Runs a test file of a built project in a process of its own, and tells what became of the named test. */
export async function runTest (root: string, test: NamedTest, args: readonly string[]): Promise<TestResult> {
  const child = spawn(process.execPath, [builtFile(root, test.file), ...args], {
    cwd: root,
    env: { ...process.env, ...FIXED, TAP_TIMEOUT: String(test.timeoutSeconds), TAP_GREP: `^${escapeRegExp(test.title)}$` },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: test.timeoutSeconds * 1000 + GRACE_MS,
    killSignal: 'SIGKILL'
  })
  const lines: string[] = []
  for (const stream of [child.stdout, child.stderr]) createInterface(stream).on('line', line => { lines.push(line) })
  const end = (): void => { child.kill('SIGKILL') }
  process.once('exit', end)
  await new Promise(resolve => { child.once('close', resolve) })
  process.removeListener('exit', end)
  return { ...findTest(lines, test.title), tail: lines.slice(-TAIL_LINES).join('\n') }
}

function escapeRegExp (text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

/** Of several tests with the same title, the first that did not pass. */
function findTest (lines: readonly string[], title: string): Omit<TestResult, 'tail'> {
  let result: Omit<TestResult, 'tail'> = { end: 'missing', assertion: undefined }
  let assertion: string | undefined
  for (const line of lines) {
    const point = TEST_POINT.exec(line)
    if (point === null) {
      assertion ??= FAILED_ASSERTION.exec(line)?.[1]
      continue
    }
    const [, not, name, directive = ''] = point
    if (name?.replaceAll('\\#', '#') === title) {
      result = { end: not !== undefined ? 'failed' : directive.startsWith(' # SKIP') ? 'skipped' : 'passed', assertion }
      if (result.end !== 'passed') break
    }
    assertion = undefined
  }
  return result
}
