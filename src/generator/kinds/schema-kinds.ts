import { type GeneratedEvent } from '../valid-event.js'
import { type InvalidKind, kind } from './kind.js'

/** JSON that is no event. */
export const SCHEMA_KINDS: readonly InvalidKind[] = [
  violation('json-null', () => null),
  violation('json-number', () => 42),
  violation('json-string', event => JSON.stringify(event)),
  violation('json-array', event => [event]),
  violation('json-empty-object', () => ({})),
  ...['uid', 'context', 'event_type', 'client', 'created_at'].flatMap(name => [
    violation(`missing-${name}`, event => ({ ...event, [name]: undefined })),
    violation(`null-${name}`, event => ({ ...event, [name]: null })),
    violation(`number-${name}`, event => ({ ...event, [name]: 7 }))
  ]),
  kind('huge-number-uid', 'SCHEMA_VIOLATION', event => JSON.stringify({ ...event, uid: 0 }).replace('"uid":0', '"uid":1e400')),
  violation('boolean-client', event => ({ ...event, client: true })),
  violation('array-client', event => ({ ...event, client: [event.client] })),
  violation('object-uid', event => ({ ...event, uid: { S: event.uid } })),

  violation('unknown-client', event => ({ ...event, client: 'Client_Z' })),
  violation('client-in-lower-case', event => ({ ...event, client: event.client.toLowerCase() })),
  violation('client-with-blank', event => ({ ...event, client: `${event.client} ` })),
  violation('client-look-alike', event => ({ ...event, client: event.client.replace('C', '\u0421') })),
  violation('unknown-type', event => ({ ...event, event_type: 'UPSERT' })),
  violation('unknown-context', event => ({ ...event, context: 'financeiro' })),
  violation('context-decomposed', event => ({ ...event, context: 'integrações'.normalize('NFD') })),
  violation('context-without-accents', event => ({ ...event, context: 'integracoes' })),

  violation('empty-uid', event => ({ ...event, uid: '' })),
  violation('uid-too-long', event => ({ ...event, uid: 'x'.repeat(513) })),
  violation('uid-too-long-in-bytes', event => ({ ...event, uid: '\u{1F600}'.repeat(513) })),
  kind('uid-lone-surrogate', 'SCHEMA_VIOLATION', event => JSON.stringify({ ...event, uid: '' }).replace('"uid":""', '"uid":"\\ud800"')),

  ...Object.entries({
    empty: '',
    'not-a-date': 'yesterday',
    'day-30-of-february': '2024-02-30T04:17:09.0247241-03:00',
    'day-29-of-a-common-year': '2023-02-29T04:17:09.0247241-03:00',
    'day-29-of-1900': '1900-02-29T04:17:09Z',
    'day-31-of-april': '2024-04-31T04:17:09.0247241-03:00',
    'day-0': '2024-09-00T04:17:09Z',
    'month-13': '2024-13-10T04:17:09Z',
    'month-0': '2024-00-10T04:17:09Z',
    'hour-24': '2024-09-10T24:00:00Z',
    'minute-60': '2024-09-10T04:60:09Z',
    'second-61': '2024-09-10T04:17:61Z',
    'leap-second-at-noon': '2024-09-10T12:00:60Z',
    'offset-24-hours': '2024-09-10T04:17:09+24:00',
    'offset-60-minutes': '2024-09-10T04:17:09+03:60',
    'offset-without-colon': '2024-09-10T04:17:09-0300',
    'no-offset': '2024-09-10T04:17:09.0247241',
    'blank-for-t': '2024-09-10 04:17:09Z',
    'date-alone': '2024-09-10',
    'no-seconds': '2024-09-10T04:17Z',
    'comma-fraction': '2024-09-10T04:17:09,024Z',
    'empty-fraction': '2024-09-10T04:17:09.Z',
    'two-digit-year': '24-09-10T04:17:09Z',
    'arabic-digits': '٢٠٢٤-09-10T04:17:09Z',
    'blank-after': '2024-09-10T04:17:09Z ',
    'epoch-as-text': '1725949029024',
    'too-long': `2024-09-10T04:17:09.${'0'.repeat(100)}Z`
  }).map(([name, time]) => violation(`time-${name}`, event => ({ ...event, created_at: time })))
]

function violation (name: string, make: (event: GeneratedEvent) => unknown): InvalidKind {
  return kind(name, 'SCHEMA_VIOLATION', event => JSON.stringify(make(event)))
}
