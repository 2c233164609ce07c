// @ts-check
/**
 * A container's health check: `node docker/probe.mjs /live` ends with 0 when every process of the launcher answers the path
 * with 200, else with 1 and the reasons. The image has no curl, and needs none.
 */
const TIMEOUT_MS = 4_000
const DEFAULT_ADMIN_PORT = 9400

const path = process.argv[2] ?? '/live'
const firstPort = Number(process.env.ADMIN_PORT || DEFAULT_ADMIN_PORT)
const processes = Number(process.env.PROCESSES || 1)

// Process i listens on ADMIN_PORT + i.
const problems = await Promise.all(Array.from({ length: processes }, (_, index) => ask(firstPort + index)))
for (const problem of problems) if (problem !== undefined) console.error(problem)
process.exitCode = problems.every(problem => problem === undefined) ? 0 : 1

/**
 * @param {number} port
 * @returns {Promise<string | undefined>} what is wrong
 */
async function ask (port) {
  const url = `http://127.0.0.1:${port}${path}`
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) })
    const text = await response.text()
    return response.status === 200 ? undefined : `${url}: ${response.status} ${text.trim()}`
  } catch (error) {
    const { message, cause } = /** @type {Error} */ (error)
    return `${url}: ${cause instanceof Error ? cause.message : message}`
  }
}
