// @ts-check
/** Runs the built tests with tap and closes with one line: `N passed, N failed`. */
import fs from 'node:fs'
import path from 'node:path'
import { runCommand } from './child.mjs'
import { formatElapsed } from './progress.mjs'
import { listFiles } from './stamp.mjs'
import { TapReader } from './tap-reader.mjs'

/**
 * Test files that run at a time, and what one may take. Integration tests have real servers: one file at a time.
 * @type {Record<string, { jobs: number, timeoutSeconds: number }>}
 */
export const SUITES = {
  unit: { jobs: 2, timeoutSeconds: 60 },
  integration: { jobs: 1, timeoutSeconds: 600 }
}

/** Every test file that loads the AWS SDK would warn, at length, that releases of 2027 need Node 22. */
const TEST_ENVIRONMENT = { AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' }

const SIGN_OF_LIFE_MS = 15_000

/**
 * @param {string} root
 * @param {string[]} args `unit`, `integration`, `all` (default), then files (default: all of the suite)
 * @returns {Promise<number>} the exit code
 */
export async function runTests (root, args) {
  const [first = 'all', ...rest] = args
  const isSuite = first === 'all' || first in SUITES
  const suites = isSuite && first !== 'all' ? [first] : Object.keys(SUITES)
  const files = (isSuite ? rest : args).map(file => builtFile(root, file))
  const startedAt = Date.now()
  const total = { passed: 0, failed: 0, skipped: 0 }
  for (const suite of suites) {
    const inSuite = files.length === 0 ? listFiles(suiteFolder(root, suite), '.test.js') : files.filter(file => isBelow(file, suiteFolder(root, suite)))
    if (inSuite.length === 0) continue
    const { passed, failed, skipped } = await runSuite(root, suite, inSuite)
    total.passed += passed
    total.failed += failed
    total.skipped += skipped
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
  console.log(`\n${formatElapsed(Date.now() - startedAt)} minutes${total.skipped > 0 ? `, ${total.skipped} skipped` : ''}`)
  console.log(closingLine(total))
  return total.failed === 0 ? 0 : 1
}

/** @param {{ passed: number, failed: number }} total */
export function closingLine ({ passed, failed }) {
  return `${passed} passed, ${failed} failed`
}

/**
 * @param {string} root
 * @param {string} suite
 * @param {string[]} files
 */
async function runSuite (root, suite, files) {
  const { jobs, timeoutSeconds } = /** @type {{ jobs: number, timeoutSeconds: number }} */ (SUITES[suite])
  console.log(`\n${suite} tests`)
  const reader = new TapReader(report)
  let lastLineAt = Date.now()
  const signOfLife = setInterval(() => {
    if (Date.now() - lastLineAt < SIGN_OF_LIFE_MS) return
    lastLineAt = Date.now()
    console.log(`  … at work on ${reader.currentFile ?? suite}`)
  }, 1_000)
  const code = await runCommand(process.execPath, [
    path.join(root, 'node_modules', 'tap', 'dist', 'esm', 'run.mjs'), 'run',
    '--reporter=tap', `--jobs=${jobs}`, `--timeout=${timeoutSeconds}`,
    ...files.map(file => path.relative(root, file))
  ], {
    cwd: root,
    env: TEST_ENVIRONMENT,
    onLine: line => {
      lastLineAt = Date.now()
      reader.push(line)
    }
  })
  clearInterval(signOfLife)
  const { passed, skipped } = reader
  // tap itself failed, or was ended: never a success.
  const failed = code !== 0 && reader.failed === 0 ? 1 : reader.failed
  if (failed !== reader.failed) console.log(`tap ended with exit code ${code}`)
  return { passed, failed, skipped }
}

/** @param {import('./tap-reader.mjs').FileResult} result */
function report ({ file, ok, hasCrashed, passed, failed, skipped, output }) {
  const counts = [`${passed} passed`, failed > 0 && `${failed} failed`, skipped > 0 && `${skipped} skipped`].filter(Boolean).join(', ')
  console.log(`  ${ok ? '✔' : '✖'} ${file.replace(/^dist\//, '')} (${counts})`)
  if (hasCrashed) console.log('    The file itself failed: it crashed, or did not end in time.')
  if (!ok) for (const line of output) console.log(`  ${line}`)
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
