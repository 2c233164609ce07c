import { type GeneratedRecord, generateRecord } from '../../../src/generator/event-generator.js'
import { RUN_SEED } from './seed.js'

export interface MarkedOptions {
  readonly count: number
  /** How many of them are marked, at even distances. */
  readonly marked: number
  /** What the uid of a marked record begins with. */
  readonly marker: string
  /** What must become of a marked record; of the others it is `valid`. */
  readonly expected: GeneratedRecord['expected']
}

/** Valid events, some of which carry a mark in their uid by which hooks or a schema know them. */
export function markedRecords ({ count, marked, marker, expected }: MarkedOptions): GeneratedRecord[] {
  const every = Math.floor(count / marked)
  return Array.from({ length: count }, (_, index) => {
    const record = generateRecord({ seed: RUN_SEED, invalidShare: 0, kinds: [], extraShare: 0 }, index)
    if (index % every !== Math.floor(every / 2) || index >= every * marked) return record
    const uid = `${marker}${index}`
    const value = Buffer.from(JSON.stringify({ ...JSON.parse(String(record.value)) as object, uid }))
    return { ...record, uid, kind: 'marked', expected, value }
  })
}
