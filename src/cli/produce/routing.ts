import { RegistryClient } from '../../connectors/schema-registry/registry-client.js'
import { RegistryError } from '../../connectors/schema-registry/registry-error.js'
import { UsageError } from '../../errors.js'
import { produceRouting } from '../../generator/routing/produce-routing.js'
import { chooseRoutingKinds } from '../../generator/routing/routing-kinds.js'
import { ROUTING_SCHEMAS } from '../../pipelines/routing/routing-schemas.js'
import { type RoutingSchemaIds } from '../../generator/routing/routing-value.js'
import { loadConfig, type RoutingConfig } from '../../service/config/load-config.js'
import { valueSubject } from '../value-subject.js'
import { type Produce, type ProduceFlags } from './flags.js'

export const produce: Produce = async (flags, _countIsDefault, controls) => {
  const { config } = loadConfig(process.env, 'routing')
  const { count, invalid, invalidKinds, seed, originServiceType, destinations, fanOut } = flags
  const topic = flags.topic ?? config.routing.topic
  const configured = config.routing.destinations.map(({ name }) => name)
  return await produceRouting({
    ...controls,
    kafka: { ...config.kafka, compression: 'lz4' },
    topic,
    count,
    seed,
    originServiceType,
    originServiceIds: originServiceIds(flags),
    destinations: destinations ?? configured,
    configured,
    fanOutShare: fanOut,
    invalidShare: invalid,
    kinds: chooseRoutingKinds(invalidKinds),
    schemas: await findSchemaIds(config, topic),
    now: Date.now
  })
}

/** Ids of the schemas that `penstock create` has registered. Rejects with a UsageError when one is not there. */
export async function findSchemaIds (config: RoutingConfig, topic: string): Promise<RoutingSchemaIds> {
  const client = new RegistryClient(config.registry)
  const find = async (subject: string, schema: string): Promise<number> => {
    try {
      return await client.find(subject, schema)
    } catch (error) {
      if (!(error instanceof RegistryError) || error.failure !== 'not-found') throw error
      throw new UsageError(`The subject ${subject} does not have the schema that is to be written; register it with: penstock create --pipeline routing`)
    }
  }
  try {
    const [input, fanOutInput, output] = await Promise.all([
      find(valueSubject(topic), ROUTING_SCHEMAS.input),
      find(valueSubject(topic), ROUTING_SCHEMAS.fanOutInput),
      find(config.routing.destinations[0]?.outputSubject ?? '', ROUTING_SCHEMAS.output)
    ])
    return { input, fanOutInput, output }
  } finally {
    await client.close()
  }
}

/** The first as it is given; the others count on from it. */
function originServiceIds ({ originServiceId, origins }: ProduceFlags): string[] {
  const [, stem = '', digits = ''] = /^(.*?)(\d*)$/.exec(originServiceId) ?? []
  return Array.from({ length: origins }, (_, place) => place === 0 ? originServiceId : `${stem}${Number(digits) + place}`)
}
