import { RegistryClient } from '../connectors/schema-registry/registry-client.js'
import { type RoutingConfig } from '../service/config/load-config.js'

/** A client of the registry that the configuration names. The caller closes it. */
export function openRegistry ({ registry }: RoutingConfig): RegistryClient {
  return new RegistryClient(registry)
}

/** The subject of a topic's values, by Confluent's default (TopicNameStrategy). */
export function valueSubject (topic: string): string {
  return `${topic}-value`
}
