/**
 * Loaded with `--import` into every process and thread of a service: the launcher does nothing with it, the process below
 * it and its threads hook themselves.
 */
import { isMainThread } from 'node:worker_threads'
import { hookClock } from './hook-clock.js'
import { HOOKS_VARIABLE, type Orders } from './orders.js'

const orders = JSON.parse(process.env[HOOKS_VARIABLE] ?? '{}') as Orders

if (orders.clock !== undefined) hookClock(orders.clock)
if (!isMainThread) {
  const { hookThread } = await import('./hook-thread.js')
  hookThread(orders)
} else if (process.send !== undefined) { // The launcher has no channel to a parent.
  const { hookProcess } = await import('./hook-process.js')
  hookProcess(orders)
}
