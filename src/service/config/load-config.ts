import { accessSync, constants, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { UsageError } from '../../errors.js'
import { crossCheck } from './cross-checks.js'
import { kafkaProperties, type KafkaProperties } from './kafka-properties.js'
import { type Knob, type Machine } from './knob.js'
import { proxyWarning } from './proxy-warning.js'
import { EVENTS_SCHEMA, knobsOf, type Resolved } from './schema.js'
import { unknownVariables } from './unknown-variables.js'

export type Environment = Readonly<Record<string, string | undefined>>

type EventsKnobs = Resolved<typeof EVENTS_SCHEMA>

/** The resolved configuration of `penstock run events`; nothing in it is optional unless absence has a meaning. */
export type EventsConfig = Omit<EventsKnobs, 'kafka'> & {
  readonly kafka: EventsKnobs['kafka'] & { readonly properties: KafkaProperties }
}

/** Where a value came from: `default`, `environment` or `file <path>`. */
export type Origin = string

export interface LoadedConfig {
  readonly config: EventsConfig
  /** By variable. */
  readonly origins: ReadonlyMap<string, Origin>
  readonly warnings: readonly string[]
  /** Values that must appear in no output. */
  readonly secrets: readonly string[]
}

/** Resolves every knob. Throws one UsageError with all problems: each names its variable, what is wrong, and an example. */
export function loadConfig (env: Environment, machine: Machine = thisMachine): LoadedConfig {
  const resolver = new Resolver(env, machine)
  const groups = Object.entries(EVENTS_SCHEMA).map(([name, group]) => [name, resolveGroup(group.knobs, resolver)])
  const passthrough = kafkaProperties(env)
  // The schema is the one source of both: its own shape, and the type that is inferred from it.
  const knobs = Object.fromEntries(groups) as EventsKnobs
  const config: EventsConfig = { ...knobs, kafka: { ...knobs.kafka, properties: passthrough.properties } }

  const problems = [...resolver.problems, ...passthrough.problems]
  // Knobs that are wrong by themselves have no value to compare.
  const across = resolver.problems.length === 0 ? crossCheck(config, resolver.origins) : { problems: [], warnings: [] }
  problems.push(...across.problems)
  if (problems.length > 0) throw new UsageError(`${problems.length === 1 ? 'A setting is' : `${problems.length} settings are`} wrong:`, problems)

  return {
    config,
    origins: resolver.origins,
    warnings: [...passthrough.warnings, ...across.warnings, ...proxyWarning(env), ...unknownVariables(env, knobsOf(EVENTS_SCHEMA))],
    secrets: [...resolver.secrets, ...passthrough.secrets]
  }
}

export const thisMachine: Machine = {
  cores: availableParallelism(),
  readFile: path => readFileSync(path, 'utf8'),
  fileExists: path => {
    try {
      accessSync(path, constants.R_OK)
      return true
    } catch {
      return false
    }
  }
}

/** Resolves knobs on demand, each once: a default may ask for the value of another knob. */
class Resolver {
  readonly problems: string[] = []
  readonly origins = new Map<string, Origin>()
  readonly secrets: string[] = []
  readonly #env: Environment
  readonly #machine: Machine
  readonly #values = new Map<string, unknown>()

  constructor (env: Environment, machine: Machine) {
    this.#env = env
    this.#machine = machine
  }

  valueOf (knob: Knob<unknown>): unknown {
    if (!this.#values.has(knob.variable)) this.#values.set(knob.variable, this.#resolve(knob))
    return this.#values.get(knob.variable)
  }

  #resolve (knob: Knob<unknown>): unknown {
    const given = this.#given(knob)
    if (given === undefined) return this.#fallback(knob)
    this.origins.set(knob.variable, given.origin)
    const parsed = knob.parse(given.text, this.#machine)
    if ('problem' in parsed) {
      this.#complain(knob, knob.secret ? parsed.problem : `${JSON.stringify(given.text)} ${parsed.problem}`)
      return undefined
    }
    if (knob.secret) this.secrets.push(given.text)
    return parsed.value
  }

  #given (knob: Knob<unknown>): { text: string, origin: Origin } | undefined {
    const text = this.#env[knob.variable]
    const path = knob.secret ? this.#env[`${knob.variable}_FILE`] : undefined
    if (path === undefined || path === '') {
      return text === undefined || (text === '' && !knob.emptyIsValue) ? undefined : { text, origin: 'environment' }
    }
    if (text !== undefined && text !== '') {
      this.#complain(knob, `is set, and so is ${knob.variable}_FILE; set one of them`)
      return undefined
    }
    try {
      return { text: this.#machine.readFile(path).replace(/\r?\n$/, ''), origin: `file ${path}` }
    } catch {
      this.problems.push(`${knob.variable}_FILE: the file ${path} can not be read; for example ${knob.variable}_FILE=/run/secrets/${knob.variable.toLowerCase()}`)
      return undefined
    }
  }

  #fallback (knob: Knob<unknown>): unknown {
    if (knob.fallback === undefined) {
      this.#complain(knob, 'is not set')
      return undefined
    }
    if (!this.origins.has(knob.variable)) this.origins.set(knob.variable, 'default')
    return knob.fallback.value(this.#machine, variable => {
      const other = KNOBS.get(variable)
      return other === undefined ? undefined : this.valueOf(other)
    })
  }

  #complain (knob: Knob<unknown>, problem: string): void {
    this.problems.push(`${knob.variable}: ${problem}; for example ${knob.variable}=${knob.example}`)
  }
}

const KNOBS = new Map(knobsOf(EVENTS_SCHEMA).map(knob => [knob.variable, knob]))

function resolveGroup (knobs: Readonly<Record<string, Knob<unknown>>>, resolver: Resolver): Record<string, unknown> {
  return Object.fromEntries(Object.entries(knobs).map(([name, knob]) => [name, resolver.valueOf(knob)]))
}
