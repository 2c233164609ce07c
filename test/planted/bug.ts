import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { SIMULATION } from './simulation.js'

/** A test that must turn red: a top-level test of a file. */
export interface NamedTest {
  /** Its source, from the project's root. */
  readonly file: string
  readonly title: string
  readonly args: readonly string[]
  /** Of the run without the bug, when that shall be shorter. */
  readonly controlArgs: readonly string[]
  readonly timeoutSeconds: number
}

/** A patch that breaks one promise of the sources. */
export interface Bug {
  readonly name: string
  /** What the patched sources do. */
  readonly does: string
  readonly promise: string
  readonly caughtBy: readonly NamedTest[]
  readonly patch: string
  /** The sources it changes, from the project's root. */
  readonly sources: readonly string[]
}

const UNIT_SECONDS = 60
/** Of tests with real servers and processes. */
const SYSTEM_SECONDS = 300

/** All patches of a folder, by name. Throws for one whose head does not say what it is and who finds it. */
export function readBugs (folder: string): Bug[] {
  return readdirSync(folder).filter(file => file.endsWith('.patch')).sort().map(file => readBug(join(folder, file)))
}

function readBug (patch: string): Bug {
  const text = readFileSync(patch, 'utf8')
  const head = text.slice(0, text.indexOf('diff --git '))
  const line = (name: string): string => linesOf(head, name)[0] ?? fail(patch, `no line "${name}: …" in its head`)
  const caughtBy = linesOf(head, 'Caught by').map(words => namedTest(words) ?? fail(patch, `"Caught by: ${words}" names no file and title`))
  if (caughtBy.length === 0) fail(patch, 'no line "Caught by: …" in its head')
  const sources = [...text.matchAll(/^\+\+\+ b\/(.+)$/gm)].map(match => match[1] ?? '')
  if (sources.length === 0 || !sources.every(source => /^src\/.+\.ts$/.test(source))) fail(patch, 'it must change files of src/, and no others')
  return { name: basename(patch, '.patch'), does: line('Bug'), promise: line('Promise'), caughtBy, patch, sources }
}

function linesOf (head: string, name: string): string[] {
  return head.split('\n').filter(line => line.startsWith(`${name}: `)).map(line => line.slice(name.length + 2).trim())
}

function namedTest (words: string): NamedTest | undefined {
  if (words === 'the simulation') return SIMULATION
  const [, file, title] = /^(test\/\S+\.test\.ts): (.+)$/.exec(words) ?? []
  if (file === undefined || title === undefined) return undefined
  const timeoutSeconds = /^test\/(integration|faults)\//.test(file) ? SYSTEM_SECONDS : UNIT_SECONDS
  return { file, title, args: [], controlArgs: [], timeoutSeconds }
}

function fail (patch: string, reason: string): never {
  throw new Error(`${patch}: ${reason}`)
}
