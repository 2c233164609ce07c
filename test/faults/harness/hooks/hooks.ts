import { fileURLToPath } from 'node:url'
import { HOOKS_VARIABLE, type Orders, type Reached } from './orders.js'

const PRELOAD = fileURLToPath(new URL('./preload.js', import.meta.url))

/** What a service is started with, beside its knobs. */
export interface Hooks {
  readonly nodeArgs: readonly string[]
  readonly environment: Readonly<Record<string, string>>
}

/**
 * Makes a service do this to itself: `hooks({ at: 'after-send', nth: 40 })` kills it when its 40th message call is
 * answered. The hooks are loaded into its process and its threads from outside; the service's own code knows nothing of
 * them.
 */
export function hooks (orders: Orders): Hooks {
  return {
    nodeArgs: [...orders.maxHeapMb === undefined ? [] : [`--max-old-space-size=${orders.maxHeapMb}`], '--import', PRELOAD],
    environment: { [HOOKS_VARIABLE]: JSON.stringify(orders) }
  }
}

/** What a service's hooks did, read from what it wrote: a fault that never struck proves nothing. */
export function reachedIn (output: string): Reached[] {
  return output.split('\n').flatMap(line => {
    if (!line.startsWith('{"reached":')) return []
    try {
      return [JSON.parse(line) as Reached]
    } catch {
      return [] // not whole yet
    }
  })
}
