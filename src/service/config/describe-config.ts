import { isSecretProperty } from './kafka-properties.js'
import { maskSecret } from './knob.js'
import { type Environment, type LoadedConfig } from './load-config.js'
import { PIPELINES } from './pipelines.js'
import { AWS_VARIABLES } from './schema.js'

/** One line of a printed configuration; secrets are masked. */
export interface Setting {
  readonly group: string
  readonly variable: string
  readonly value: string
  readonly origin: string
}

export function describeConfig (loaded: LoadedConfig, env: Environment): Setting[] {
  return [...knobSettings(loaded), ...propertySettings(loaded), ...(loaded.pipeline === 'events' ? awsSettings(env) : [])]
}

function knobSettings ({ pipeline, config, origins }: LoadedConfig): Setting[] {
  const values = config as Readonly<Record<string, Readonly<Record<string, unknown>>>>
  return Object.entries(PIPELINES[pipeline].schema).flatMap(([groupName, group]) => Object.entries(group.knobs).map(([name, knob]) => ({
    group: group.title,
    variable: knob.variable,
    value: knob.format(values[groupName]?.[name]),
    origin: origins.get(knob.variable) ?? 'default'
  })))
}

function propertySettings ({ config }: LoadedConfig): Setting[] {
  return Object.entries(config.kafka.properties).map(([property, value]) => ({
    group: 'librdkafka properties',
    variable: property,
    value: isSecretProperty(property) ? maskSecret(value) : value,
    origin: 'environment'
  }))
}

function awsSettings (env: Environment): Setting[] {
  return Object.entries(AWS_VARIABLES).flatMap(([variable, secret]) => {
    const value = env[variable]
    if (value === undefined || value === '') return []
    return { group: 'Read by the AWS SDK', variable, value: secret ? maskSecret(value) : value, origin: 'environment' }
  })
}
