// @ts-check
/** One bootstrap at a time in a checkout. */
import fs from 'node:fs'
import path from 'node:path'

const POLL_INTERVAL_MS = 200

/**
 * Takes the lock, when need be after a wait; a lock whose holder is dead is taken over.
 * @param {string} file
 * @param {(holder: number) => void} onWait called once, with the process that holds it
 * @returns {Promise<() => void>} gives it back; also done when this process ends
 */
export async function takeLock (file, onWait) {
  fs.mkdirSync(path.dirname(file), { recursive: true })
  const own = `${file}.${process.pid}`
  fs.writeFileSync(own, `${process.pid} ${startTime(process.pid)}\n`)
  try {
    let announced = false
    while (!linked(own, file)) {
      const holder = readHolder(file)
      if (holder === undefined) continue // It was given back meanwhile.
      if (!isAlive(holder)) {
        removeStale(file, holder)
        continue
      }
      if (!announced) onWait(holder.pid)
      announced = true
      await new Promise(resolve => setTimeout(resolve, POLL_INTERVAL_MS))
    }
  } finally {
    fs.rmSync(own, { force: true })
  }
  const release = () => {
    if (readHolder(file)?.pid === process.pid) fs.rmSync(file, { force: true })
  }
  process.once('exit', release)
  return () => {
    process.removeListener('exit', release)
    release()
  }
}

/**
 * @typedef {object} Holder
 * @property {number} pid
 * @property {string} startTime
 */

/**
 * A hard link is made at once with its content and only when there is none: of two that try, one has it.
 * @param {string} own
 * @param {string} file
 */
function linked (own, file) {
  try {
    fs.linkSync(own, file)
    return true
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false
    throw error
  }
}

/**
 * @param {string} file
 * @returns {Holder | undefined}
 */
function readHolder (file) {
  try {
    const [pid = '', startTime = ''] = fs.readFileSync(file, 'utf8').trim().split(' ')
    return { pid: Number(pid), startTime }
  } catch {
    return undefined
  }
}

/** @param {Holder} holder */
function isAlive (holder) {
  if (!(holder.pid > 0)) return false
  try {
    process.kill(holder.pid, 0)
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ESRCH') return false
  }
  return startTime(holder.pid) === holder.startTime
}

/**
 * Moved aside first, so that of several only one removes it; and looked at again, because it may be a new one by now.
 * @param {string} file
 * @param {Holder} dead
 */
function removeStale (file, dead) {
  const aside = `${file}.${process.pid}.stale`
  try {
    fs.renameSync(file, aside)
  } catch {
    return
  }
  const moved = readHolder(aside)
  if (moved !== undefined && moved.pid !== dead.pid) fs.renameSync(aside, file)
  else fs.rmSync(aside, { force: true })
}

/**
 * Tells a process from a later one with the same id: field 22 of proc_pid_stat(5); empty where there is no /proc.
 * @param {number} pid
 */
function startTime (pid) {
  try {
    const stat = fs.readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  } catch {
    return ''
  }
}
