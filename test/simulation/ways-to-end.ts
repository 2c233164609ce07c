import fc from 'fast-check'
import { DONE, environment, poison, transient, type Outcome } from '../../src/engine/outcome.js'
import { Epoch } from './deliveries.js'
import { type WireCall } from './wire.js'
import { type World } from './world.js'

/** How a call ends. The simplest stands first: a failure shrinks towards it. */
export interface WayToEnd {
  readonly kind: 'done' | 'entries' | 'failed' | 'throttled' | 'environment' | 'rejected' | 'too little'
  /** Two bits an entry, used again from the front: which of them fail, and how. */
  readonly entries: number
  /** What takes effect although nobody is told so; `later`: once the process has given it up. */
  readonly lands: 'nothing' | 'all' | 'some' | 'later'
  readonly code: 'TIMEOUT' | 'CONNECTION' | 'SERVER_ERROR'
  readonly scope: 'stage' | 'key'
  readonly retryAfterMs: number
}

export const waysToEnd: fc.Arbitrary<WayToEnd> = fc.record({
  kind: fc.constantFrom('done', 'done', 'done', 'done', 'done', 'done', 'entries', 'entries', 'entries', 'failed', 'failed', 'throttled', 'environment', 'environment', 'rejected', 'too little'),
  entries: fc.integer({ min: 0, max: 0x7fff_ffff }),
  lands: fc.constantFrom('nothing', 'nothing', 'all', 'some', 'later'),
  code: fc.constantFrom('TIMEOUT', 'CONNECTION', 'SERVER_ERROR'),
  scope: fc.constantFrom('key', 'stage'),
  retryAfterMs: fc.constantFrom(0, 0, 0, 3_000)
})

/** The ways in which many calls end in a row. */
export const storms: fc.Arbitrary<WayToEnd> = fc.record({
  kind: fc.constantFrom('failed', 'throttled', 'environment', 'entries', 'rejected'),
  entries: fc.integer({ min: 0, max: 0x7fff_ffff }),
  lands: fc.constantFrom('nothing', 'all', 'some'),
  code: fc.constantFrom('TIMEOUT', 'CONNECTION', 'SERVER_ERROR'),
  scope: fc.constantFrom('key', 'stage'),
  retryAfterMs: fc.constantFrom(0, 0, 3_000)
})

export const WELL: WayToEnd = { kind: 'done', entries: 0, lands: 'nothing', code: 'TIMEOUT', scope: 'key', retryAfterMs: 0 }

/** Ends a call, and says by which name that is counted. */
export function endCall (world: World, call: WireCall, way: WayToEnd): string {
  const some = (index: number): boolean => (way.entries >>> (index % 31) & 1) === 1
  const lands = (index: number): boolean => way.lands === 'all' || (way.lands === 'some' && some(index))
  if (call.signal.aborted && way.kind !== 'done') {
    world.end(call, call.deliveries.map(() => transient('ABORTED', 'planned')), lands, 'all')
    if (way.lands === 'later') world.abandon(call)
    return 'call given up'
  }
  if (call.deliveries.some(({ source }) => source instanceof Epoch && source.closed)) world.findings.reach('call that outlived its epoch')
  if (way.kind === 'rejected') {
    world.end(call, [], lands, 'an error')
  } else if (way.kind === 'too little') {
    world.end(call, call.deliveries.map(() => DONE), () => true, 'too little')
  } else if (way.kind === 'failed') {
    world.end(call, call.deliveries.map(() => transient(way.code, 'planned')), lands, 'all')
    if (way.lands === 'later') world.abandon(call)
    return way.lands === 'nothing' ? 'call failed' : way.lands === 'later' ? 'call failed and landed later' : 'call done, its answer lost'
  } else {
    world.end(call, call.deliveries.map((_, index) => outcomeOf(call, way, index)), () => false, 'all')
  }
  return `call ${way.kind}`
}

function outcomeOf (call: WireCall, way: WayToEnd, index: number): Outcome {
  if (way.kind === 'done') return DONE
  if (way.kind === 'environment') return environment(way.scope, 'ACCESS_DENIED', 'planned', after(way))
  if (way.kind === 'throttled') return transient('UNPROCESSED', 'planned', { throttled: true, ...after(way) })
  const bits = way.entries >>> (2 * (index % 15)) & 3
  if (bits === 1) return transient('ENTRY_FAILED', 'planned')
  if (bits === 2) return transient('UNPROCESSED', 'planned', { throttled: true })
  // Dead letters are never refused: what does not fit is truncated.
  return bits === 3 && call.stage.name !== 'dead letters' ? poison('REFUSED', 'planned') : DONE
}

function after ({ retryAfterMs }: WayToEnd): { retryAfterMs?: number } {
  return retryAfterMs === 0 ? {} : { retryAfterMs }
}
