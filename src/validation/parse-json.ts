import { poison, type Poison } from '../engine/outcome.js'
import { checkKeys, checkShape, checkSize, checkText, type JsonLimits } from './precheck.js'

/** A JSON document that every reader understands alike. */
export interface JsonText {
  readonly class: 'json'
  readonly text: string
  readonly parsed: unknown
}

/** From bytes to a parsed document, or why it can never be one; the cheap and protective checks come first. */
export function parseJson (value: Buffer | null, limits: JsonLimits): JsonText | Poison {
  const refused = checkSize(value, limits.maxBytes) ?? checkText(value!)
  if (refused !== undefined) return refused
  const written = checkShape(value!, limits)
  if (typeof written !== 'number') return written
  const text = value!.toString()
  let parsed: unknown
  try {
    parsed = JSON.parse(text)
  } catch (error) {
    return poison('NOT_JSON', whereParsingStopped(error))
  }
  return checkKeys(parsed, written) ?? { class: 'json', text, parsed }
}

/** V8's message quotes the text, so nothing but the position is taken from it. */
function whereParsingStopped (error: unknown): string {
  const position = /at position (\d+)(?: \(line \d+ column \d+\))?$/.exec((error as Error).message)?.[1]
  return position === undefined ? 'malformed' : `malformed at character ${position}`
}
