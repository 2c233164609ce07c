import { resolve } from 'node:path'

/**
 * One variable of the environment: what it may hold, what it means when it is absent, and how both are said to people.
 * `T` is what the rest of the program sees.
 */
export interface Knob<T> {
  readonly variable: string
  readonly description: string
  readonly unit: Unit | undefined
  /** What may stand in it, for people. */
  readonly type: string
  readonly fallback: Computed<T> | undefined
  /** A value that passes, shown with every complaint. */
  readonly example: string
  /** Never shown. */
  readonly secret: boolean
  /** The variable that may name a file with the value instead. */
  readonly fileVariable: string | undefined
  /** An empty variable is a value of its own; elsewhere it counts as absent. */
  readonly emptyIsValue: boolean
  parse (text: string, machine: Machine): Parsed<T>
  format (value: T): string
  /** What of a value must appear in no output. */
  secretsIn? (value: T): readonly string[]
}

export type Unit = 'ms' | 'bytes' | 'KiB' | 'records' | 'share'

/** A problem is said of the whole text; `problems` stand for themselves. */
export type Parsed<T> = { readonly value: T } | { readonly problem: string } | { readonly problems: readonly string[] }

/** What the configuration may ask of the machine. */
export interface Machine {
  readonly cores: number
  fileExists (path: string): boolean
  readFile (path: string): string
}

/** A default that depends on the machine or on other knobs. `text` says it to people and is the same everywhere. */
export class Computed<T> {
  readonly text: string
  readonly value: (machine: Machine, valueOf: (variable: string) => unknown) => T
  /** The text is the value itself, as it would stand in the environment. */
  readonly literal: boolean

  constructor (text: string, value: Computed<T>['value'], literal = false) {
    this.text = text
    this.value = value
    this.literal = literal
  }
}

/** In place of a default: there is none, and the program does not start without a value. */
export const REQUIRED = Symbol('required')

interface Spec<D> {
  readonly description: string
  readonly default: D | Computed<D> | typeof REQUIRED
  readonly unit?: Unit
  readonly example?: string
}

export function integer<D extends number | undefined = never> (variable: string, spec: Spec<D> & { min: number, max: number }): Knob<number | D> {
  const { min, max } = spec
  return knob(variable, spec, `integer, ${min.toLocaleString('en-US')} to ${max.toLocaleString('en-US')}`, String(min), text => {
    if (!/^[+-]?\d+$/.test(text)) return { problem: 'is not an integer' }
    return within(Number(text), min, max)
  })
}

export function number<D extends number | undefined = never> (variable: string, spec: Spec<D> & { min: number, max: number }): Knob<number | D> {
  const { min, max } = spec
  return knob(variable, spec, `number, ${min} to ${max}`, String(max), text => {
    if (text.trim() === '' || !Number.isFinite(Number(text))) return { problem: 'is not a number' }
    return within(Number(text), min, max)
  })
}

export function oneOf<const C extends readonly string[]> (variable: string, choices: C, spec: Spec<C[number]>): Knob<C[number]> {
  return knob<C[number], C[number]>(variable, spec, choices.join(' \\| '), choices[0] ?? '', text => {
    const found = choices.find(choice => choice === text)
    return found === undefined ? { problem: `is not one of ${choices.join(', ')}` } : { value: found }
  })
}

export function string<D extends string | undefined = never> (variable: string, spec: Spec<D> & { pattern?: RegExp, patternSays?: string, emptyIsValue?: boolean }): Knob<string | D> {
  const { pattern, patternSays = 'text' } = spec
  const made = knob<string, D>(variable, spec, patternSays, 'text', text =>
    pattern === undefined || pattern.test(text) ? { value: text } : { problem: `is not ${patternSays}` })
  return { ...made, emptyIsValue: spec.emptyIsValue ?? false }
}

export function secret (variable: string, spec: Spec<undefined>): Knob<string | undefined> {
  return {
    ...knob<string, undefined>(variable, spec, 'secret', '…', text => ({ value: text })),
    secret: true,
    fileVariable: `${variable}_FILE`,
    format: maskSecret,
    secretsIn: value => value === undefined ? [] : [value]
  }
}

/** An existing file. A relative path counts from the working directory. */
export function file<D extends string | undefined = never> (variable: string, spec: Spec<D>): Knob<string | D> {
  return knob<string, D>(variable, spec, 'path of a file', './file', (text, machine) => {
    const path = resolve(text)
    return machine.fileExists(path) ? { value: path } : { problem: `names a file that can not be read (${path})` }
  })
}

/** Items between commas; blanks around them are dropped, repeated items are refused. */
export function list (variable: string, spec: Spec<readonly string[]> & { item: RegExp, itemSays: string }): Knob<readonly string[]> {
  const made = knob<readonly string[], readonly string[]>(variable, spec, `${spec.itemSays}; several between commas`, 'a,b', text => {
    const items = text.split(',').map(item => item.trim()).filter(item => item !== '')
    const bad = items.find(item => !spec.item.test(item))
    if (items.length === 0) return { problem: 'holds no item' }
    if (bad !== undefined) return { problem: `has an item that is not ${spec.itemSays}: ${JSON.stringify(bad)}` }
    if (new Set(items).size < items.length) return { problem: 'names an item twice' }
    return { value: items }
  })
  return { ...made, format: items => items.join(',') }
}

/** What has a form of its own. */
export function custom<T> (variable: string, spec: Spec<T>, form: { type: string, parse: (text: string) => Parsed<T>, format: (value: T) => string }): Knob<T> {
  const spelt = spec.default === REQUIRED || spec.default instanceof Computed
    ? spec.default
    : new Computed(form.format(spec.default), () => spec.default as T, true)
  return { ...knob<T, T>(variable, { ...spec, default: spelt }, form.type, '', form.parse), format: form.format }
}

/** A JSON object with string values. */
export function stringMap (variable: string, spec: Spec<Readonly<Record<string, string>>> & { value: RegExp, valueSays: string }): Knob<Readonly<Record<string, string>>> {
  const made = knob<Readonly<Record<string, string>>, Readonly<Record<string, string>>>(variable, spec, `JSON object, each value ${spec.valueSays}`, '{}', text => {
    const map = parseJson(text)
    if (typeof map !== 'object' || map === null || Array.isArray(map)) return { problem: 'is not a JSON object' }
    const value: Record<string, string> = Object.create(null)
    for (const [name, item] of Object.entries(map)) {
      if (typeof item !== 'string' || !spec.value.test(item)) return { problem: `has a value that is not ${spec.valueSays}, at ${JSON.stringify(name)}` }
      value[name] = item
    }
    return { value }
  })
  return { ...made, format: map => JSON.stringify(map) }
}

export function maskSecret (value: string | undefined): string {
  return value === undefined ? '' : '********'
}

function knob<T, D> (
  variable: string, spec: Spec<D>, type: string, example: string, parse: (text: string, machine: Machine) => Parsed<T>
): Knob<T | D> {
  const fallback = toComputed<T | D>(spec.default)
  return {
    variable,
    description: spec.description,
    unit: spec.unit,
    type,
    fallback,
    example: spec.example ?? (fallback === undefined || spec.default instanceof Computed || fallback.text === '' ? example : fallback.text),
    secret: false,
    fileVariable: undefined,
    emptyIsValue: false,
    parse,
    format: value => value === undefined ? '' : String(value)
  }
}

function toComputed<T> (fallback: T | Computed<T> | typeof REQUIRED): Computed<T> | undefined {
  if (fallback === REQUIRED) return undefined
  if (fallback instanceof Computed) return fallback
  return new Computed(textOf(fallback), () => fallback, fallback !== undefined)
}

function textOf (value: unknown): string {
  if (value === undefined) return ''
  if (Array.isArray(value)) return value.join(',')
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}

function within (value: number, min: number, max: number): Parsed<number> {
  if (value < min) return { problem: `is below ${min}` }
  if (value > max) return { problem: `is above ${max}` }
  return { value }
}

/** Undefined when it is not JSON. */
export function parseJson (text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
