import { InvalidArgumentError } from 'commander'
import { fileURLToPath } from 'node:url'

/** A program that does the work, as a user would start it. */
export interface Variant {
  readonly name: string
  /** A file and its arguments. */
  readonly command: readonly string[]
  /** On top of the environment of the benchmark. */
  readonly env: Readonly<Record<string, string>>
  /** One call per record, so slow that it is measured for a time and not for a number of events. */
  readonly naive: boolean
}

export const VARIANTS_HELP = `the programs to measure, side by side: name[@checkout][:VARIABLE=value…], separated by commas.
  tuned      the service with its defaults
  sdk        the service with AWS_TRANSPORT=sdk
  naive-<n>  one PutItem and one SendMessage a record, by n workers, as the original
Any other name is the service with the variables after it, or the one that is built in another checkout:
  tuned,chunk-1000:CHUNK_RECORDS=1000,before@/tmp/before`

const CHECKOUT = fileURLToPath(new URL('../../..', import.meta.url))
const NAIVE = fileURLToPath(new URL('../naive/naive.js', import.meta.url))

/** Variants of the service that runs the events pipeline, and its rivals. */
export const parseVariants = parseVariantsOf('events')

/** Reads a list of variants of the service that runs a pipeline. */
export function parseVariantsOf (pipeline: string): (text: string) => Variant[] {
  return text => distinct(text.split(',').map(item => parseVariant(item, pipeline)))
}

function distinct (variants: Variant[]): Variant[] {
  if (new Set(variants.map(({ name }) => name)).size < variants.length) throw new InvalidArgumentError('two variants have the same name')
  return variants
}

function parseVariant (text: string, pipeline: string): Variant {
  const [place = '', ...assignments] = text.split(/:(?=\w+=)/)
  const [name = '', checkout = CHECKOUT] = place.split('@')
  const workers = /^naive-(\d+)$/.exec(name)?.[1]
  if (!/^[\w.-]+$/.test(name)) throw new InvalidArgumentError(`"${name}" is no name`)
  return {
    name,
    command: workers === undefined ? [`${checkout}/dist/src/cli/launcher.js`, 'run', pipeline] : [NAIVE, workers],
    env: { ...name === 'sdk' ? { AWS_TRANSPORT: 'sdk' } : {}, ...Object.fromEntries(assignments.map(assignmentOf)) },
    naive: workers !== undefined
  }
}

function assignmentOf (text: string): [string, string] {
  const at = text.indexOf('=')
  return [text.slice(0, at), text.slice(at + 1)]
}
