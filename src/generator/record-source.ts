import { type EventGeneratorOptions, type GeneratedRecord, generateRecord } from './event-generator.js'
import { readLines } from './lines.js'

/** Made records, `count` of them. */
export function * generatedRecords (options: EventGeneratorOptions, count: number): Generator<GeneratedRecord> {
  for (let index = 0; index < count; index++) yield generateRecord(options, index)
}

/** The lines of an existing file as they are; nothing is promised of them. */
export async function * recordsOfFile (path: string, count = Infinity): AsyncGenerator<GeneratedRecord> {
  let index = 0
  for await (const line of readLines(path)) {
    if (index === count) return
    yield { index: index++, ...readNames(line), kind: 'foreign', expected: 'unknown', value: line }
  }
}

function readNames (line: Buffer): { uid: string | undefined, client: string | undefined } {
  let parsed: unknown
  try {
    parsed = JSON.parse(line.toString())
  } catch {}
  const { uid, client } = (parsed ?? {}) as { uid?: unknown, client?: unknown }
  return { uid: typeof uid === 'string' ? uid : undefined, client: typeof client === 'string' ? client : undefined }
}
