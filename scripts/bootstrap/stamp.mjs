// @ts-check
/** Which steps are done: a stamp holds the hash of everything that the step's result depends on. */
import { createHash } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'

/**
 * @param {string[]} files absolute paths; a missing one counts as empty
 * @param {string[]} [words] whatever else the result depends on
 */
export function hashInputs (files, words = []) {
  const hash = createHash('sha256')
  for (const word of words) hash.update(`${word}\0`)
  for (const file of files) {
    hash.update(`${file}\0`)
    if (fs.existsSync(file)) hash.update(fs.readFileSync(file))
    hash.update('\0')
  }
  return hash.digest('hex')
}

/**
 * All files below a folder whose names end so, sorted. Leaves out node_modules.
 * @param {string} folder
 * @param {string} ending
 * @returns {string[]}
 */
export function listFiles (folder, ending) {
  if (!fs.existsSync(folder)) return []
  /** @type {string[]} */
  const files = []
  for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name)
    if (entry.isDirectory() && entry.name !== 'node_modules') files.push(...listFiles(file, ending))
    else if (entry.isFile() && entry.name.endsWith(ending)) files.push(file)
  }
  return files.sort()
}

/**
 * @param {string} folder
 * @param {string} step
 */
export function readStamp (folder, step) {
  const file = stampFile(folder, step)
  return fs.existsSync(file) ? fs.readFileSync(file, 'utf8').trim() : undefined
}

/**
 * @param {string} folder
 * @param {string} step
 * @param {string} hash
 */
export function writeStamp (folder, step, hash) {
  fs.mkdirSync(folder, { recursive: true })
  fs.writeFileSync(stampFile(folder, step), `${hash}\n`)
}

/**
 * While a step is at work its former result is not to be trusted.
 * @param {string} folder
 * @param {string} step
 */
export function removeStamp (folder, step) {
  fs.rmSync(stampFile(folder, step), { force: true })
}

/**
 * @param {string} folder
 * @param {string} step
 */
function stampFile (folder, step) {
  return path.join(folder, `${step}.stamp`)
}
