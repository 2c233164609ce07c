import { type Knob } from './knob.js'
import { PROPERTY_PREFIX } from './kafka-properties.js'

/** Prefixes that are ours: a variable with one of them that no knob has is most likely a slip. */
const PREFIXES = ['KAFKA_', 'EVENTS_', 'SQS_', 'DYNAMODB_', 'RETRY_', 'VALIDATION_', 'ADMIN_', 'COMMIT_', 'DEAD_LETTER_', 'CHUNK_', 'ROUTING_', 'SCHEMA_REGISTRY_', 'DELIVERY_', 'INGEST_']

/** What Kubernetes and Docker put into the environment of a container for a service named `kafka`, `sqs` and so on. */
const SERVICE_LINK = /_SERVICE_(HOST|PORT)|_PORT(_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?$/

/** One warning for each variable that looks like a knob and is none, with the knob that was probably meant. */
export function unknownVariables (env: Readonly<Record<string, string | undefined>>, knobs: ReadonlyArray<Knob<unknown>>): string[] {
  const known = new Set(knobs.flatMap(({ variable, fileVariable }) => fileVariable === undefined ? [variable] : [variable, fileVariable]))
  const warnings: string[] = []
  for (const variable of Object.keys(env)) {
    if (known.has(variable) || variable.startsWith(PROPERTY_PREFIX)) continue
    const meant = nearest(variable, known)
    const ours = PREFIXES.some(prefix => variable.startsWith(prefix)) && !SERVICE_LINK.test(variable)
    if (meant !== undefined) warnings.push(`${variable} is not a setting and has no effect. Did you mean ${meant}?`)
    else if (ours) warnings.push(`${variable} is not a setting and has no effect.`)
  }
  return warnings
}

/** The nearest name within 2 edits, or one of which the other is a part, at a `_`. */
function nearest (variable: string, known: ReadonlySet<string>): string | undefined {
  let best: string | undefined
  let bestDistance = 3
  for (const name of known) {
    const distance = Math.abs(name.length - variable.length) > 2 ? 3 : editDistance(variable, name)
    if (distance < bestDistance) [best, bestDistance] = [name, distance]
  }
  return best
}

/** Levenshtein's distance, by the two-row algorithm. */
function editDistance (a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      row.push(Math.min(substitution, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1))
    }
    previous = row
  }
  return previous[b.length] ?? 0
}
