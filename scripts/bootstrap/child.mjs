// @ts-check
/** Children of the bootstrap: steps write to a log and show progress; the command at the end has the terminal. */
import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { StepError } from './step-error.mjs'
import { startProgress } from './progress.mjs'

/** What a child gets to end by itself. */
const KILL_AFTER_MS = 2_000

/**
 * @typedef {object} StepCommand
 * @property {string} title
 * @property {string} command
 * @property {string[]} args
 * @property {string} cwd
 * @property {string} logFile
 * @property {NodeJS.ProcessEnv} [env] added to ours
 * @property {string} remedy what to do when it fails
 */

/**
 * Runs a step's command to its end. Throws a StepError with the log's tail when it fails. In a group of its own: Ctrl-C
 * comes to us, and we end the whole of it, compilers included.
 * @param {StepCommand} step
 * @returns {Promise<void>}
 */
export function runStep ({ title, command, args, cwd, logFile, env = {}, remedy }) {
  fs.mkdirSync(path.dirname(logFile), { recursive: true })
  const log = fs.createWriteStream(logFile)
  const progress = startProgress(title)
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    const stopForwarding = onStopSignals(signal => endGroup(child.pid, signal))
    const take = (/** @type {Buffer} */ bytes) => {
      log.write(bytes)
      const line = bytes.toString().trimEnd().split('\n').pop()
      if (line !== undefined && line.trim() !== '') progress.note(line)
    }
    child.stdout.on('data', take)
    child.stderr.on('data', take)
    const fail = (/** @type {string} */ reason) => {
      progress.failed()
      log.end(() => reject(new StepError(title, reason, logFile, remedy)))
    }
    log.on('error', error => { // The disk is full, say.
      endGroup(child.pid, 'SIGTERM')
      reject(error)
    })
    child.once('error', error => fail(error.message))
    child.once('close', (code, signal) => {
      stopForwarding()
      if (code !== 0) return fail(signal === null ? `${command} ended with exit code ${code}` : `${command} was ended by ${signal}`)
      progress.done()
      log.end(resolve)
    })
  })
}

/**
 * @typedef {object} CommandOptions
 * @property {string} cwd
 * @property {NodeJS.ProcessEnv} [env] added to ours
 * @property {(line: string) => void} [onLine] takes its standard output, which else is ours
 * @property {(line: string) => void} [onErrorLine] the same for standard error
 * @property {number} [killAfterMs]
 */

/**
 * Runs a command in our own process group, with our terminal.
 * @param {string} command
 * @param {string[]} args
 * @param {CommandOptions} options
 * @returns {Promise<number>} the exit code; 128 + the signal's number when a signal ended it
 */
export function runCommand (command, args, { cwd, env = {}, onLine, onErrorLine, killAfterMs }) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['inherit', onLine === undefined ? 'inherit' : 'pipe', onErrorLine === undefined ? 'inherit' : 'pipe']
    })
    // The terminal sends SIGINT to the child as well; what comes to us alone is passed on. We end when it has ended.
    const stopForwarding = onStopSignals(signal => { if (signal !== 'SIGINT') child.kill(signal) }, { exits: false })
    const killer = killAfterMs === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfterMs)
    if (onLine !== undefined && child.stdout !== null) splitLines(child.stdout, onLine)
    if (onErrorLine !== undefined && child.stderr !== null) splitLines(child.stderr, onErrorLine)
    child.once('error', reject)
    child.once('close', (code, signal) => {
      stopForwarding()
      clearTimeout(killer)
      resolve(signal === null ? code ?? 1 : 128 + os.constants.signals[signal])
    })
  })
}

/**
 * @param {(signal: NodeJS.Signals) => void} handle
 * @param {{ exits?: boolean }} [options]
 * @returns {() => void}
 */
function onStopSignals (handle, { exits = true } = {}) {
  /** @type {NodeJS.Signals[]} */
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP']
  const listener = (/** @type {NodeJS.Signals} */ signal) => {
    handle(signal)
    if (!exits) return
    process.exitCode = 128 + os.constants.signals[signal]
    setTimeout(() => process.exit(), KILL_AFTER_MS + 1_000).unref()
  }
  for (const signal of signals) process.on(signal, listener)
  return () => { for (const signal of signals) process.removeListener(signal, listener) }
}

/**
 * @param {number | undefined} pid
 * @param {NodeJS.Signals} signal
 */
function endGroup (pid, signal) {
  if (pid === undefined) return
  kill(-pid, signal)
  setTimeout(() => kill(-pid, 'SIGKILL'), KILL_AFTER_MS).unref()
}

/**
 * @param {number} pid
 * @param {NodeJS.Signals} signal
 */
function kill (pid, signal) {
  try {
    process.kill(pid, signal)
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error
  }
}

/**
 * @param {import('node:stream').Readable} stream
 * @param {(line: string) => void} onLine
 */
function splitLines (stream, onLine) {
  let rest = ''
  stream.setEncoding('utf8')
  stream.on('data', text => {
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    lines.forEach(onLine)
  })
  stream.on('end', () => { if (rest !== '') onLine(rest) })
}
