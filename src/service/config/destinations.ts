import { custom, type Knob, parseJson } from './knob.js'
import { TOPIC_NAME } from './schema-kafka.js'

/** Where the records of one destination go. */
export interface Destination {
  /** As the configuration writes it; compared by `destinationKey`. */
  readonly name: string
  readonly outputTopic: string
  /** The schema registry's subject of what is written. */
  readonly outputSubject: string
}

/** Names of destinations are equal when their keys are: `FINANCE` is `finance`. */
export function destinationKey (name: string): string {
  return name.toLowerCase()
}

const MEMBERS = ['output_topic', 'output_subject'] as const
const EXAMPLE = '{"FINANCE":{"output_topic":"processor.to.finance","output_subject":"processor.to.consumer-value"}}'

/** A JSON object, each member a destination. All that is wrong with any of them is said at once. */
export function destinations (variable: string, spec: { readonly description: string, readonly default: readonly Destination[] }): Knob<readonly Destination[]> {
  return custom(variable, { ...spec, example: EXAMPLE }, {
    type: 'JSON object: destination → `output_topic`, `output_subject`',
    parse: text => {
      const object = parseJson(text)
      if (!isObject(object)) return { problem: 'is not a JSON object' }
      const entries = Object.entries(object)
      if (entries.length === 0) return { problem: 'names no destination' }
      const problems = [...repeatedNames(text), ...entries.flatMap(([name, member]) => problemsOf(name, member))]
      return problems.length > 0 ? { problems } : { value: entries.map(([name, member]) => toDestination(name, member)) }
    },
    format: value => JSON.stringify(Object.fromEntries(value.map(({ name, outputTopic, outputSubject }) =>
      [name, { output_topic: outputTopic, output_subject: outputSubject }])))
  })
}

function problemsOf (name: string, member: unknown): string[] {
  const who = `destination ${JSON.stringify(name)}`
  if (name.trim() === '') return [`${who} has no name`]
  if (!isObject(member)) return [`${who} is not an object with output_topic and output_subject`]
  const strangers = Object.keys(member).filter(key => !MEMBERS.some(known => known === key))
  return [
    ...MEMBERS.filter(key => member[key] === undefined || member[key] === '').map(key => `${who} has no ${key}`),
    ...MEMBERS.filter(key => member[key] !== undefined && typeof member[key] !== 'string').map(key => `${who} has an ${key} that is not text`),
    ...(typeof member.output_topic === 'string' && member.output_topic !== '' && !TOPIC_NAME.test(member.output_topic)
      ? [`${who} has an output_topic that is not a topic name: ${JSON.stringify(member.output_topic)}`]
      : []),
    ...strangers.map(key => `${who} has an unknown member ${JSON.stringify(key)}`)
  ]
}

/** Names, and members of one destination, that stand there twice: `JSON.parse` keeps the last and tells nothing. */
function repeatedNames (text: string): string[] {
  const problems: string[] = []
  const names = new Map<string, string>()
  let name = ''
  let members = new Set<string>()
  for (const { depth, key } of writtenKeys(text)) {
    if (depth === 1) {
      const earlier = names.get(destinationKey(key))
      if (earlier !== undefined) {
        problems.push(`destination ${JSON.stringify(key)} is there twice${earlier === key ? '' : `: ${JSON.stringify(earlier)} is the same, names compare without case`}`)
      }
      names.set(destinationKey(key), key)
      name = key
      members = new Set()
    } else if (depth === 2) {
      if (members.has(key)) problems.push(`destination ${JSON.stringify(name)} has ${key} twice`)
      members.add(key)
    }
  }
  return problems
}

/** The keys of all objects in a JSON text, as they stand in it. */
function * writtenKeys (json: string): Generator<{ readonly depth: number, readonly key: string }> {
  let depth = 0
  for (const [token, key] of json.matchAll(/("(?:[^"\\]|\\.)*")\s*:|"(?:[^"\\]|\\.)*"|[{}[\]]/g)) {
    if (key !== undefined) yield { depth, key: String(JSON.parse(key)) }
    else if (token === '{' || token === '[') depth++
    else if (token === '}' || token === ']') depth--
  }
}

/** Of a member without problems. */
function toDestination (name: string, member: unknown): Destination {
  const { output_topic: outputTopic, output_subject: outputSubject } = member as Readonly<Record<typeof MEMBERS[number], string>>
  return { name, outputTopic, outputSubject }
}

function isObject (value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
