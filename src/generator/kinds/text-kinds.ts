import { type GeneratedEvent } from '../valid-event.js'
import { type InvalidKind, kind, plus } from './kind.js'

const DIRECT = { directOnly: true }

/** Bytes that are no text, no value, or no JSON. */
export const TEXT_KINDS: readonly InvalidKind[] = [
  kind('utf8-stray-byte', 'NOT_UTF8', event => withBytes(event, 0xFF), DIRECT),
  kind('utf8-stray-continuation', 'NOT_UTF8', event => withBytes(event, 0x80), DIRECT),
  kind('utf8-overlong', 'NOT_UTF8', event => withBytes(event, 0xC0, 0xAF), DIRECT),
  kind('utf8-surrogate', 'NOT_UTF8', event => withBytes(event, 0xED, 0xA0, 0x80), DIRECT),
  kind('utf8-beyond-unicode', 'NOT_UTF8', event => withBytes(event, 0xF4, 0x90, 0x80, 0x80), DIRECT),
  kind('utf8-cut-at-end', 'NOT_UTF8', event => Buffer.concat([text(event), Buffer.from([0xE2, 0x82])]), DIRECT),
  kind('latin1', 'NOT_UTF8', event => Buffer.from(JSON.stringify({ ...event, context: 'integrações' }), 'latin1'), DIRECT),
  kind('utf16-with-mark', 'NOT_UTF8', event => Buffer.concat([Buffer.from([0xFF, 0xFE]), Buffer.from(JSON.stringify(event), 'utf16le')]), DIRECT),
  kind('utf16-ascii', 'NOT_JSON', event => Buffer.from(JSON.stringify({ uid: event.uid }), 'utf16le'), DIRECT),
  kind('byte-order-mark', 'BYTE_ORDER_MARK', event => `\uFEFF${JSON.stringify(event)}`),
  kind('byte-order-mark-alone', 'BYTE_ORDER_MARK', () => '\uFEFF'),

  kind('tombstone', 'EMPTY_VALUE', () => null, DIRECT),
  kind('empty', 'EMPTY_VALUE', () => '', DIRECT),
  kind('blank', 'NOT_JSON', () => '   '),
  kind('line-breaks-only', 'NOT_JSON', () => '\n\r\n', DIRECT),
  kind('nul-bytes', 'NOT_JSON', () => '\0\0\0\0', DIRECT),
  kind('cut-in-half', 'NOT_JSON', event => cut(event, 0.5)),
  kind('cut-last-brace', 'NOT_JSON', event => JSON.stringify(event).slice(0, -1)),
  kind('open-brace', 'NOT_JSON', () => '{'),
  kind('close-brace', 'NOT_JSON', () => '}'),
  kind('brackets-crossed', 'NOT_JSON', () => '{"list":[1,2}]'),
  kind('string-not-closed', 'NOT_JSON', event => JSON.stringify(event).slice(0, -2)),
  kind('escape-cut', 'NOT_JSON', () => '{"uid":"\\'),
  kind('plain-text', 'NOT_JSON', () => 'hello, world'),
  kind('xml', 'NOT_JSON', event => `<event uid="${event.uid}"/>`),
  kind('csv', 'NOT_JSON', event => Object.values(event).join(';')),
  kind('two-documents', 'NOT_JSON', event => JSON.stringify(event) + JSON.stringify(event)),
  kind('text-after', 'NOT_JSON', event => `${JSON.stringify(event)} trailing`),
  kind('nul-after', 'NOT_JSON', event => `${JSON.stringify(event)}\0`, DIRECT),
  kind('trailing-comma', 'NOT_JSON', event => `${JSON.stringify(event).slice(0, -1)},}`),
  kind('single-quotes', 'NOT_JSON', event => JSON.stringify(event).replaceAll('"', "'")),
  kind('bare-keys', 'NOT_JSON', event => `{uid:"${event.uid}"}`),
  kind('comment', 'NOT_JSON', event => `/* event */${JSON.stringify(event)}`),
  kind('tab-in-string', 'NOT_JSON', event => plus(event, '"note":"a\tb"')),
  kind('line-break-in-string', 'NOT_JSON', event => plus(event, '"note":"a\nb"'), DIRECT),
  kind('unknown-escape', 'NOT_JSON', event => plus(event, '"note":"\\x41"')),
  kind('short-unicode-escape', 'NOT_JSON', event => plus(event, '"note":"\\u12"')),
  kind('number-nan', 'NOT_JSON', event => plus(event, '"amount":NaN')),
  kind('number-infinity', 'NOT_JSON', event => plus(event, '"amount":Infinity')),
  kind('number-leading-zero', 'NOT_JSON', event => plus(event, '"amount":007')),
  kind('number-hexadecimal', 'NOT_JSON', event => plus(event, '"amount":0x10')),
  kind('number-bare-point', 'NOT_JSON', event => plus(event, '"amount":1.')),
  kind('literal-in-capitals', 'NOT_JSON', event => plus(event, '"flag":True')),
  kind('no-break-space', 'NOT_JSON', event => `\u00A0${JSON.stringify(event)}`)
]

function text (event: GeneratedEvent): Buffer {
  return Buffer.from(JSON.stringify(event))
}

/** The bytes inside a string of an otherwise good event. */
function withBytes (event: GeneratedEvent, ...bytes: number[]): Buffer {
  const whole = Buffer.from(plus(event, '"note":""'))
  return Buffer.concat([whole.subarray(0, -2), Buffer.from(bytes), whole.subarray(-2)])
}

function cut (event: GeneratedEvent, share: number): string {
  const whole = JSON.stringify(event)
  return whole.slice(0, Math.floor(whole.length * share))
}
