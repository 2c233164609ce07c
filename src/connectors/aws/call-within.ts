import { setMaxListeners } from 'node:events'

/** Beyond its request timeout: the time to read the answer's body. */
const BODY_TIMEOUT_MS = 2_000

/** The end of a call, from its first byte to the last byte of its answer. */
export function callDeadlineMs ({ connectTimeoutMs, requestTimeoutMs }: { readonly connectTimeoutMs: number, readonly requestTimeoutMs: number }): number {
  return connectTimeoutMs + requestTimeoutMs + BODY_TIMEOUT_MS
}

/**
 * Runs one call of the SDK under a deadline that holds from the first byte sent to the last byte read. The SDK's own
 * deadlines end when the response's headers arrive, so a body that trickles or stops would keep a call for ever.
 * Rejects with a `TimeoutError` at the deadline and with an `AbortError` when `signal` aborts, whatever the call does.
 */
export async function callWithin<Output> (deadlineMs: number, signal: AbortSignal, call: (signal: AbortSignal) => Promise<Output>): Promise<Output> {
  if (signal.aborted) throw named('AbortError', 'given up before it began')
  setMaxListeners(0, signal) // Shared by any number of calls; each takes its listener away when it ends.
  const controller = new AbortController()
  return await new Promise<Output>((resolve, reject) => {
    const release = () => {
      clearTimeout(timer)
      signal.removeEventListener('abort', onAbort)
    }
    const giveUp = (error: Error) => {
      release()
      reject(error)
      controller.abort()
    }
    const onAbort = () => { giveUp(named('AbortError', 'given up')) }
    const timer = setTimeout(() => { giveUp(named('TimeoutError', `no complete answer within ${deadlineMs} ms`)) }, deadlineMs)
    signal.addEventListener('abort', onAbort, { once: true })
    call(controller.signal).finally(release).then(resolve, reject)
  })
}

function named (name: string, message: string): Error {
  return Object.assign(new Error(message), { name })
}
