import { invalidAt } from './invalid-at.js'
import { type InvalidKind } from './kinds/kind.js'
import { Random } from './random.js'
import { type MadeRecord } from './record.js'
import { makeEvent, withExtras } from './valid-event.js'

export interface EventGeneratorOptions {
  readonly seed: number
  /** Share of the records that are invalid, 0 to 1. Exact: they come at even distances, their kinds in turn. */
  readonly invalidShare: number
  readonly kinds: readonly InvalidKind[]
  /** Share of the valid events that have properties beyond the schema's. */
  readonly extraShare: number
}

/** An event as it is to be sent. */
export interface GeneratedRecord extends MadeRecord {
  /** Of the event the record was made from; an invalid record may not hold it any more. `undefined` when foreign and unreadable. */
  readonly uid: string | undefined
  readonly client: string | undefined
}

/** The record at an index: the same for the same options, whatever was made before. */
export function generateRecord (options: EventGeneratorOptions, index: number): GeneratedRecord {
  const { seed, invalidShare, kinds, extraShare } = options
  const random = new Random(seed, index)
  const event = makeEvent(random, index)
  const { uid, client } = event
  const kind = invalidAt(invalidShare, index, kinds)
  if (kind !== undefined) return { index, uid, client, kind: kind.name, expected: kind.expected, value: kind.make(event) }
  const extras = extraShare > 0 && random.fraction() < extraShare
  const text = extras ? withExtras(event, random) : JSON.stringify(event)
  return { index, uid, client, kind: extras ? 'valid-with-extras' : 'valid', expected: 'valid', value: Buffer.from(text) }
}
