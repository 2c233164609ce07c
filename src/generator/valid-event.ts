import { type Random } from './random.js'

/** An event as JSON writes it. */
export interface GeneratedEvent {
  uid: string
  context: string
  event_type: string
  client: string
  created_at: string
}

/** Events as the first producers of this topic wrote them: 170 bytes, accents, seven fractional digits, an offset. */
export function makeEvent (random: Random, index: number): GeneratedEvent {
  return {
    uid: makeUid(random, index),
    context: random.pick(CONTEXTS),
    event_type: random.pick(EVENT_TYPES),
    client: random.pick(CLIENTS),
    created_at: makeTime(random, index)
  }
}

/** The event with properties that no schema knows, in text that a careless reader would change. */
export function withExtras (event: GeneratedEvent, random: Random): string {
  return `${JSON.stringify(event).slice(0, -1)},${random.pick(EXTRAS)}}`
}

export const CONTEXTS = ['monitoramento', 'aplicação de usuários', 'autorizador de transações', 'integrações']
export const EVENT_TYPES = ['INSERT', 'UPDATE', 'DELETE']
export const CLIENTS = ['Client_A', 'Client_B', 'Client_C', 'Client_D']

/** What must pass and arrive byte for byte. */
export const EXTRAS = [
  '"amount":1e400',
  '"amount":-0.0',
  '"amount":12345678901234567890.10',
  '"note":"\u{1F600} \uFFFE\uFFFF"',
  '"note":"\\ud83d\\ude00 \\u0041 \\/ \\ud800"',
  '"note":"a\u2028b\u2029c\u0085d"',
  '"planes":"\u{10000}\u{20000}\u{30000}\u{E0001}\u{F0000}\u{10FFFD}"',
  '"nested":{"list":[1,[2,[3,{"deep":null}]]],"empty":{},"none":[]}',
  '"key with \\"quotes\\"":true,"":false',
  '"prototype":"not forbidden","toString":1,"hasOwnProperty":2'
]

const START = Date.UTC(2024, 8, 10)
const MINUTES_WEST = 180

/** The index makes it unique within a run, the random half across runs. */
function makeUid (random: Random, index: number): string {
  const high = hex(random.uint32()) + hex(random.uint32())
  const low = hex(random.uint32())
  return `${high.slice(0, 8)}-${high.slice(8, 12)}-4${high.slice(13, 16)}-${(8 + random.below(4)).toString(16)}${low.slice(0, 3)}-${low.slice(4)}${hex(index)}`
}

function hex (value: number): string {
  return value.toString(16).padStart(8, '0')
}

function makeTime (random: Random, index: number): string {
  const local = new Date(START - MINUTES_WEST * 60_000 + index).toISOString()
  return `${local.slice(0, 23)}${random.below(10_000).toString().padStart(4, '0')}-03:00`
}
