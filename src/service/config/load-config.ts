import { accessSync, constants, readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { UsageError } from '../../errors.js'
import { crossCheckCommon, type IsSet } from './cross-checks.js'
import { kafkaProperties, type KafkaProperties } from './kafka-properties.js'
import { type Knob, type Machine } from './knob.js'
import { proxyWarning } from './proxy-warning.js'
import { KNOBS, type PipelineName, PIPELINES } from './pipelines.js'
import { type DELIVERY_SCHEMA, type EVENTS_SCHEMA, knobsOf, type Resolved, type ROUTING_SCHEMA, type Schema } from './schema.js'
import { unknownVariables } from './unknown-variables.js'

export type Environment = Readonly<Record<string, string | undefined>>

/** What a schema resolves to; nothing in it is optional unless absence has a meaning. */
type ConfigOf<S extends Schema & { readonly kafka: unknown }> = Omit<Resolved<S>, 'kafka'> & {
  readonly kafka: Resolved<S>['kafka'] & { readonly properties: KafkaProperties }
}

/** The resolved configuration of each pipeline. */
export interface PipelineConfigs {
  readonly events: ConfigOf<typeof EVENTS_SCHEMA>
  readonly routing: ConfigOf<typeof ROUTING_SCHEMA>
  readonly delivery: ConfigOf<typeof DELIVERY_SCHEMA>
}

export type EventsConfig = PipelineConfigs['events']
export type RoutingConfig = PipelineConfigs['routing']
export type DeliveryConfig = PipelineConfigs['delivery']
/** Whichever pipeline it is: what all of them have can be read. */
export type PipelineConfig = PipelineConfigs[PipelineName]

/** Where a value came from: `default`, `environment` or `file <path>`. */
export type Origin = string

export interface LoadedConfig<P extends PipelineName = PipelineName> {
  readonly pipeline: P
  readonly config: PipelineConfigs[P]
  /** By variable. */
  readonly origins: ReadonlyMap<string, Origin>
  readonly warnings: readonly string[]
  /** Values that must appear in no output. */
  readonly secrets: readonly string[]
}

/** Resolves every knob of a pipeline. Throws one UsageError with all problems: each names its variable, what is wrong, and an example. */
export function loadConfig<P extends PipelineName> (env: Environment, pipeline: P, machine: Machine = thisMachine): LoadedConfig<P> {
  const { schema, crossCheck, proxied } = PIPELINES[pipeline]
  const knobs = knobsOf(schema)
  const resolver = new Resolver(env, machine, knobs)
  const passthrough = kafkaProperties(env, knobs)
  // The schema is the one source of both: its own shape, and the type that is inferred from it.
  const groups = Object.fromEntries(Object.entries(schema).map(([name, group]) => [name, resolveGroup(group.knobs, resolver)])) as Resolved<typeof ROUTING_SCHEMA>
  const config = { ...groups, kafka: { ...groups.kafka, properties: passthrough.properties } } as PipelineConfig as PipelineConfigs[P]

  const problems = [...resolver.problems, ...passthrough.problems]
  const warnings = [...passthrough.warnings]
  // Knobs that are wrong by themselves have no value to compare.
  if (resolver.problems.length === 0) {
    const isSet: IsSet = variable => (resolver.origins.get(variable) ?? 'default') !== 'default'
    const findings = [crossCheckCommon(config, isSet), crossCheck(config, isSet)]
    problems.push(...findings.flatMap(found => found.problems))
    warnings.push(...findings.flatMap(found => found.warnings))
  }
  if (problems.length > 0) throw new UsageError(`${problems.length === 1 ? 'A setting is' : `${problems.length} settings are`} wrong:`, problems)

  return {
    pipeline,
    config,
    origins: resolver.origins,
    warnings: [...warnings, ...proxyWarning(env, proxied), ...unknownVariables(env, KNOBS)],
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
  readonly #knobs: ReadonlyMap<string, Knob<unknown>>
  readonly #values = new Map<string, unknown>()

  constructor (env: Environment, machine: Machine, knobs: ReadonlyArray<Knob<unknown>>) {
    this.#env = env
    this.#machine = machine
    this.#knobs = new Map(knobs.map(knob => [knob.variable, knob]))
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
    if ('problems' in parsed) {
      for (const problem of parsed.problems) this.#complain(knob, problem)
      return undefined
    }
    this.secrets.push(...knob.secretsIn?.(parsed.value) ?? [])
    return parsed.value
  }

  #given (knob: Knob<unknown>): { text: string, origin: Origin } | undefined {
    const text = this.#env[knob.variable]
    const { fileVariable } = knob
    const path = fileVariable === undefined ? undefined : this.#env[fileVariable]
    if (fileVariable === undefined || path === undefined || path === '') {
      return text === undefined || (text === '' && !knob.emptyIsValue) ? undefined : { text, origin: 'environment' }
    }
    if (text !== undefined && text !== '') {
      this.#complain(knob, `is set, and so is ${fileVariable}; set one of them`)
      return undefined
    }
    try {
      return { text: this.#machine.readFile(path).replace(/\r?\n$/, ''), origin: `file ${path}` }
    } catch {
      this.problems.push(`${fileVariable}: the file ${path} can not be read; for example ${fileVariable}=/run/secrets/${knob.variable.toLowerCase()}`)
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
      const other = this.#knobs.get(variable)
      return other === undefined ? undefined : this.valueOf(other)
    })
  }

  #complain (knob: Knob<unknown>, problem: string): void {
    this.problems.push(`${knob.variable}: ${problem}; for example ${knob.variable}=${knob.example}`)
  }
}

function resolveGroup (knobs: Readonly<Record<string, Knob<unknown>>>, resolver: Resolver): Record<string, unknown> {
  return Object.fromEntries(Object.entries(knobs).map(([name, knob]) => [name, resolver.valueOf(knob)]))
}
