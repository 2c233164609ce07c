#!/usr/bin/env node
// @ts-check
/**
 * The way from a bare clone to a running command: checks the machine, then installs, builds and fetches what the command
 * needs and is not there yet. Needs nothing but Node.
 */
import path from 'node:path'
import process from 'node:process'
import url from 'node:url'
import { runCommand, runStep } from './bootstrap/child.mjs'
import { takeLock } from './bootstrap/lock.mjs'
import { findProblems, formatProblems, inspectMachine } from './bootstrap/requirements.mjs'
import { closingLine, runTests } from './bootstrap/run-tests.mjs'
import { DISK_FULL } from './bootstrap/step-error.mjs'
import { createSteps, ensureStep, isDone, stateFolder } from './bootstrap/steps.mjs'

const ROOT = path.dirname(path.dirname(url.fileURLToPath(import.meta.url)))

const HELP = `Usage: npm run <command> [-- arguments]   or   node scripts/bootstrap.mjs <command> [arguments]

  demo       start the local servers, stream events through the pipeline, and prove the result
  penstock   the command line: run, demo, produce, check, create, stack (penstock --help)
  bench      benchmarks
  test       [unit|integrity|simulation|planted|integration|faults|core|all] [files] [--times n] [--jobs n]:
             run the tests; closes with "N passed, N failed"
  check      types, lint and unit tests

Each first checks the machine, then installs the packages, builds, and fetches the local servers, as far as
it needs them and they are not there yet. The logs of these steps are in .bootstrap/.
Exit codes: 0 done, 1 failed, 2 wrong usage, 3 the machine is not ready, 128 + n ended by signal n.
`

const EXIT_USAGE = 2
const EXIT_MACHINE = 3

const BENCHES_WITH_KAFKA = new Set(['consume', 'events', 'latency', 'knobs', 'load-test', 'routing'])
const BENCHES_WITH_REGISTRY = new Set(['routing'])

/**
 * @typedef {object} Command
 * @property {(args: string[]) => boolean} needsStack whether the local servers may be run
 * @property {(args: string[]) => boolean} [needsRegistry] whether the schema registry is one of them
 * @property {(args: string[]) => Promise<number>} run
 */

/** @type {Record<string, Command>} */
const COMMANDS = {
  demo: {
    needsStack: args => !asksForHelp(args),
    needsRegistry: args => args.includes('routing'),
    run: args => runNode('dist/src/cli/launcher.js', ['demo', ...args])
  },
  penstock: {
    needsStack: args => ['demo', 'stack'].includes(args[0] ?? '') && !asksForHelp(args),
    needsRegistry: args => args.includes('routing') || args.includes('registry'),
    run: args => runNode('dist/src/cli/launcher.js', args)
  },
  bench: {
    needsStack: args => BENCHES_WITH_KAFKA.has(args[0] ?? '') && !args.includes('--brokers') && !asksForHelp(args),
    needsRegistry: args => BENCHES_WITH_REGISTRY.has(args[0] ?? ''),
    run: args => runNode('dist/bench/bench.js', args)
  },
  test: {
    needsStack: ([suite = 'all']) => !['unit', 'integrity', 'simulation'].includes(suite),
    needsRegistry: () => true,
    run: args => runTests(ROOT, args)
  },
  check: {
    needsStack: () => false,
    async run () {
      await lint()
      return await runTests(ROOT, ['unit'])
    }
  }
}

process.exitCode = await main(process.argv.slice(2)).catch(explain)

/**
 * @param {string[]} argv
 * @returns {Promise<number>}
 */
async function main ([name, ...args]) {
  if (name === '--help' || name === '-h') {
    process.stdout.write(HELP)
    return 0
  }
  const command = name === undefined ? undefined : COMMANDS[name]
  if (command === undefined) {
    process.stderr.write(`${name === undefined ? 'A command is missing.' : `There is no command ${name}.`}\n\n${HELP}`)
    return EXIT_USAGE
  }
  const needsStack = command.needsStack(args)
  const isReady = await prepare(needsStack, needsStack && (command.needsRegistry?.(args) ?? false))
  if (isReady) return await command.run(args)
  if (name === 'test' || name === 'check') console.log(closingLine({ passed: 0, failed: 1 }))
  return EXIT_MACHINE
}

/**
 * @param {boolean} needsStack
 * @param {boolean} needsRegistry
 * @returns {Promise<boolean>} whether the machine can do it
 */
async function prepare (needsStack, needsRegistry) {
  const { install, build, jars, registry } = createSteps(ROOT)
  const servers = [...(needsStack ? [jars] : []), ...(needsRegistry ? [registry] : [])]
  const needs = { compile: !isDone(ROOT, install), java: needsStack, jars: servers.some(step => !isDone(ROOT, step)) }
  const problems = findProblems(await inspectMachine(ROOT, needs), needs)
  if (problems.length > 0) {
    process.stderr.write(`${formatProblems(problems)}\n`)
    return false
  }
  const steps = [install, build, ...servers]
  if (steps.every(step => isDone(ROOT, step))) return true
  const release = await takeLock(path.join(stateFolder(ROOT), 'lock'), holder => {
    process.stderr.write(`Process ${holder} is preparing this checkout; waiting for it to end…\n`)
  })
  try {
    for (const step of steps) await ensureStep(ROOT, step)
  } finally {
    release()
  }
  return true
}

async function lint () {
  await runStep({
    title: 'Types of the scripts',
    command: process.execPath,
    args: [path.join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc'), '-p', 'scripts'],
    cwd: ROOT,
    logFile: path.join(stateFolder(ROOT), 'types.log'),
    remedy: 'These are mistakes in the scripts: correct them, then run the command again.'
  })
  await runStep({
    title: 'Lint',
    command: process.execPath,
    args: [path.join(ROOT, 'node_modules', 'eslint', 'bin', 'eslint.js'), '.'],
    cwd: ROOT,
    logFile: path.join(stateFolder(ROOT), 'lint.log'),
    remedy: '`npx eslint --fix .` mends some of it.'
  })
}

/**
 * @param {string} file
 * @param {string[]} args
 */
function runNode (file, args) {
  return runCommand(process.execPath, [path.join(ROOT, file), ...args], { cwd: process.cwd() })
}

/** @param {string[]} args */
function asksForHelp (args) {
  return args.includes('--help') || args.includes('-h')
}

/**
 * What went wrong, as a sentence with a remedy.
 * @param {unknown} error
 * @returns {number} the exit code
 */
function explain (error) {
  const interrupted = Number(process.exitCode ?? 0)
  if (interrupted > 128) {
    process.stderr.write('Interrupted; the next run goes on where this one stopped.\n')
    return interrupted
  }
  const { code, message } = /** @type {NodeJS.ErrnoException} */ (error)
  process.stderr.write(`\n${code === 'ENOSPC' ? DISK_FULL : message}\n`)
  if (process.argv[2] === 'test' || process.argv[2] === 'check') console.log(closingLine({ passed: 0, failed: 1 }))
  return 1
}
