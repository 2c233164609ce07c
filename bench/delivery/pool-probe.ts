/**
 * `node --import pool-probe.js`: asks libuv's thread pool for something trivial all the time and appends how long it took
 * to `BENCH_POOL_PROBE_FILE`, a line each: ms since 1970, ms. What blocks the pool, or the main thread, shows.
 */
import { appendFileSync, stat } from 'node:fs'

const EVERY_MS = 20
const WRITE_EVERY_MS = 1_000
const file = process.env.BENCH_POOL_PROBE_FILE

// The launcher has the same flags.
if (file !== undefined && process.argv[1]?.endsWith('penstock.js') === true) {
  let lines: string[] = []
  setInterval(() => {
    const askedAt = performance.now()
    stat('/', () => { lines.push(`${Date.now()} ${(performance.now() - askedAt).toFixed(3)}\n`) })
  }, EVERY_MS).unref()
  setInterval(() => {
    appendFileSync(file, lines.join(''))
    lines = []
  }, WRITE_EVERY_MS).unref()
}
