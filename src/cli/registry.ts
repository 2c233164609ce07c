import { readFileSync } from 'node:fs'
import { RegistryClient } from '../connectors/schema-registry/registry-client.js'
import { describeError, UsageError } from '../errors.js'
import { type RoutingConfig } from '../service/config/load-config.js'

/** A client of the registry that the configuration names. The caller closes it. */
export function openRegistry ({ registry }: RoutingConfig): RegistryClient {
  const { caLocation, ...options } = registry
  return new RegistryClient({ ...options, ca: caLocation === undefined ? undefined : readCertificates(caLocation) })
}

/** The subject of a topic's values, by Confluent's default (TopicNameStrategy). */
export function valueSubject (topic: string): string {
  return `${topic}-value`
}

function readCertificates (path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw new UsageError(`SCHEMA_REGISTRY_CA_LOCATION: ${path} can not be read: ${describeError(error)}`)
  }
}
