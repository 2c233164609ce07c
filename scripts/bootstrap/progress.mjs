// @ts-check
/** One line per step: on a terminal it moves, elsewhere it is written at the start, at the end and now and then between. */

const FRAMES = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏']
const FRAME_INTERVAL_MS = 100
const SIGN_OF_LIFE_MS = 15_000

/**
 * @typedef {object} Progress
 * @property {(line: string) => void} note what the step does now: its last line of output
 * @property {() => void} done
 * @property {() => void} failed
 */

/**
 * @param {string} title
 * @param {{ stream?: NodeJS.WriteStream, signOfLifeMs?: number }} [options]
 * @returns {Progress}
 */
export function startProgress (title, { stream = process.stderr, signOfLifeMs = SIGN_OF_LIFE_MS } = {}) {
  const startedAt = Date.now()
  const elapsed = () => formatElapsed(Date.now() - startedAt)
  let note = ''
  let frame = 0
  if (!stream.isTTY) stream.write(`… ${title}\n`)
  const timer = setInterval(() => {
    if (!stream.isTTY) return stream.write(`  ${elapsed()} ${note === '' ? 'still at work' : note}\n`)
    const line = `${FRAMES[frame++ % FRAMES.length]} ${title} ${elapsed()} ${note}`
    stream.write(`\r\x1b[K${line.slice(0, stream.columns - 1)}`)
  }, stream.isTTY ? FRAME_INTERVAL_MS : signOfLifeMs)
  const end = (/** @type {string} */ mark) => {
    clearInterval(timer)
    stream.write(`${stream.isTTY ? '\r\x1b[K' : ''}${mark} ${title} ${elapsed()}\n`)
  }
  return {
    note: line => { note = printable(line).slice(0, 100) },
    done: () => end('✔'),
    failed: () => end('✖')
  }
}

/** @param {number} ms */
export function formatElapsed (ms) {
  const seconds = Math.round(ms / 1000)
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}

/**
 * Without escape sequences and other control characters.
 * @param {string} line
 */
function printable (line) {
  // eslint-disable-next-line no-control-regex
  return line.replace(/\x1b\[[0-9;]*[A-Za-z]/g, '').replace(/[\x00-\x1f\x7f]/g, ' ').trim()
}
