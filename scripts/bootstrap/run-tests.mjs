// @ts-check
/** Runs the built tests and closes with one line: `N passed, N failed`. */
import fs from 'node:fs'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { formatElapsed } from './progress.mjs'
import { runTestFile } from './run-test-file.mjs'
import { listFiles } from './stamp.mjs'

/**
 * @typedef {object} Suite
 * @property {number} jobs files that run at a time, unless `--jobs` says otherwise
 * @property {number} timeoutSeconds what one may take
 * @property {string[]} [alone] files that compare times or rates, or look for the usual ports; they run when all others have ended
 */

/** @type {Record<string, Suite>} */
export const SUITES = {
  unit: { jobs: 2, timeoutSeconds: 60 },
  integrity: { jobs: 2, timeoutSeconds: 60 },
  simulation: { jobs: 2, timeoutSeconds: 1_200 },
  planted: { jobs: 1, timeoutSeconds: 900 },
  integration: { jobs: 2, timeoutSeconds: 600, alone: ['bench', 'delivery-isolation', 'demo', 'demo-delivery', 'demo-routing', 'stack'] },
  faults: { jobs: 2, timeoutSeconds: 900, alone: ['load-isolation', 'load-recovery', 'delivery-ingest'] }
}

/**
 * `npm test -- core`: the part of the fault suite that is run again and again to see whether it is ever red by chance.
 * A few minutes: rebalances, a backlog under strict order, sinks that answer wrongly, crash points, kills, commits that fail.
 */
const CORE = [
  'groups-rebalance', 'load-order', 'sinks-answers', 'process-crash-points', 'process-kills', 'broker-commits'
].map(name => `test/faults/${name}.test.ts`)

const SIGN_OF_LIFE_MS = 15_000
/** A file that takes longer says for how long. */
const LONG_FILE_MS = 5_000

/**
 * @param {string} root
 * @param {string[]} args a suite, `core` or `all` (default), then files (default: all of the suite), or after `planted`
 *   names of bugs; `--times <n>` runs them that often, `--jobs <n>` so many files at a time
 * @returns {Promise<number>} the exit code
 */
export async function runTests (root, args) {
  const { files, times, jobs } = selectTests(root, args)
  const rounds = []
  const interruption = new AbortController()
  const interrupt = () => { interruption.abort() }
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt)
  for (let round = 1; round <= times && !interruption.signal.aborted; round++) {
    const startedAt = Date.now()
    const total = await runRound(root, files, interruption.signal, jobs)
    rounds.push({ ...total, elapsed: formatElapsed(Date.now() - startedAt) })
    console.log(`\n${times > 1 ? `Round ${round} of ${times}: ${closingLine(total)}, ` : ''}${rounds.at(-1)?.elapsed} minutes${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`)
  }
  process.removeListener('SIGINT', interrupt).removeListener('SIGTERM', interrupt)
  if (times > 1) console.log(`${rounds.filter(({ failed }) => failed === 0).length} of ${times} rounds without a failure`)
  const total = {
    passed: rounds.reduce((sum, { passed }) => sum + passed, 0),
    failed: rounds.reduce((sum, { failed }) => sum + failed, 0)
  }
  console.log(closingLine(total))
  return total.failed === 0 && rounds.length === times ? 0 : 1
}

/**
 * Which files an invocation means; those that do not exist too.
 * @param {string} root
 * @param {string[]} args
 * @returns {{ files: string[], times: number, jobs: number | undefined }}
 */
export function selectTests (root, args) {
  const { values: { times, jobs }, positionals: [first = 'all', ...rest] } = parseArgs({
    args, allowPositionals: true, options: { times: { type: 'string', default: '1' }, jobs: { type: 'string' } }
  })
  if (!/^[1-9]\d*$/.test(times)) throw new TypeError(`--times ${times}: how often the tests are run, for example --times 20`)
  if (jobs !== undefined && !/^[1-9]\d*$/.test(jobs)) throw new TypeError(`--jobs ${jobs}: how many files run at a time, for example --jobs 2`)
  return { files: testsOf(root, first, rest), times: Number(times), jobs: jobs === undefined ? undefined : Number(jobs) }
}

/**
 * @param {string} root
 * @param {string} first
 * @param {string[]} rest
 */
function testsOf (root, first, rest) {
  const isGroup = first === 'all' || first === 'core' || first in SUITES
  const bugs = first === 'planted' ? rest.filter(name => !/\.[jt]s$/.test(name)) : []
  if (bugs.length > 0) process.env.PLANTED_BUGS = bugs.join()
  const named = (isGroup ? rest : [first, ...rest]).filter(name => !bugs.includes(name))
  if (named.length > 0) return named.map(file => builtFile(root, file))
  if (first === 'core') return CORE.map(file => builtFile(root, file))
  return (first === 'all' ? Object.keys(SUITES) : [first]).flatMap(suite => listFiles(suiteFolder(root, suite), '.test.js'))
}

/**
 * @param {string} root
 * @param {string[]} files
 * @param {AbortSignal} interrupted
 * @param {number} [jobs]
 * @returns {Promise<Total>}
 */
async function runRound (root, files, interrupted, jobs) {
  const total = { passed: 0, failed: 0, skipped: 0 }
  for (const suite of Object.keys(SUITES)) {
    const inSuite = files.filter(file => isBelow(file, suiteFolder(root, suite)))
    if (inSuite.length > 0) await runSuite(root, suite, inSuite, { total, interrupted, jobs })
  }
  for (const file of files) {
    if (fs.existsSync(file)) continue
    console.log(`There is no such test: ${path.relative(root, file)}`)
    total.failed++
  }
  if (total.passed + total.failed === 0) {
    console.log('Not a single test was run, which is a failure.')
    total.failed = 1
  }
  return total
}

/** @param {{ passed: number, failed: number }} total */
export function closingLine ({ passed, failed }) {
  return `${passed} passed, ${failed} failed`
}

/**
 * @typedef {object} Total
 * @property {number} passed
 * @property {number} failed
 * @property {number} skipped
 */

/**
 * Runs files, several at a time, and adds what they report to the total. After Ctrl-C no further file is started: it
 * counts as failed.
 * @param {string} root
 * @param {string} suite
 * @param {string[]} files
 * @param {{ total: Total, interrupted: AbortSignal, jobs: number | undefined }} run
 */
async function runSuite (root, suite, files, { total, interrupted, jobs }) {
  const { jobs: usual, timeoutSeconds, alone = [] } = /** @type {Suite} */ (SUITES[suite])
  console.log(`\n${suite} tests`)
  const isAlone = (/** @type {string} */ file) => alone.includes(path.basename(file, '.test.js'))
  /** @type {Set<string>} */
  const running = new Set()
  let lastLineAt = Date.now()
  const say = (/** @type {string} */ text) => {
    lastLineAt = Date.now()
    console.log(text)
  }
  const signOfLife = setInterval(() => {
    if (Date.now() - lastLineAt > SIGN_OF_LIFE_MS) say(`  … at work on ${[...running].join(', ')}`)
  }, 1_000)
  const work = async (/** @type {string[]} */ waiting) => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      if (interrupted.aborted) {
        total.failed++
        continue
      }
      const name = path.relative(path.join(root, 'dist'), file)
      running.add(name)
      const startedAt = Date.now()
      const result = await runTestFile(file, { cwd: root, timeoutSeconds })
      const elapsedMs = Date.now() - startedAt
      running.delete(name)
      total.passed += result.passed
      total.failed += result.failed
      total.skipped += result.skipped
      say(describe(name, result, elapsedMs))
    }
  }
  const beside = files.filter(file => !isAlone(file))
  await Promise.all(Array.from({ length: jobs ?? usual }, () => work(beside)))
  await work(files.filter(isAlone))
  clearInterval(signOfLife)
}

/**
 * One line, and everything the file wrote when something failed.
 * @param {string} name
 * @param {import('./run-test-file.mjs').FileResult} result
 * @param {number} elapsedMs
 */
function describe (name, { passed, failed, skipped, defect, output }, elapsedMs) {
  const counts = [
    `${passed} passed`, failed > 0 && `${failed} failed`, skipped > 0 && `${skipped} skipped`, elapsedMs >= LONG_FILE_MS && formatElapsed(elapsedMs)
  ].filter(Boolean).join(', ')
  const line = `  ${failed === 0 ? '✔' : '✖'} ${name} (${counts})`
  if (failed === 0) return [line, ...figuresIn(output)].join('\n')
  return [line, ...defect === undefined ? [] : [`    The file failed: ${defect}.`], ...output.map(text => `    ${text}`)].join('\n')
}

/**
 * What a test measured is worth reading when it passes too: its comments that begin with `figures: `.
 * @param {string[]} output
 */
function figuresIn (output) {
  return output.flatMap(text => {
    const figures = /^\s*# figures: (.*)$/.exec(text)?.[1]
    return figures === undefined ? [] : [`      ${figures}`]
  })
}

/**
 * A test may be named by its source or by what is built of it.
 * @param {string} root
 * @param {string} file
 */
function builtFile (root, file) {
  const source = path.relative(root, path.resolve(file)).replace(/\.ts$/, '.js')
  return path.join(root, source.startsWith('dist') ? source : path.join('dist', source))
}

/**
 * @param {string} root
 * @param {string} suite
 */
function suiteFolder (root, suite) {
  return path.join(root, 'dist', 'test', suite)
}

/**
 * @param {string} file
 * @param {string} folder
 */
function isBelow (file, folder) {
  return file.startsWith(folder + path.sep) && fs.existsSync(file)
}
