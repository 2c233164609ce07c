import avsc from 'avsc'
import { ROUTING_SCHEMAS } from '../../pipelines/routing/routing-schemas.js'

/** A record of the source topic as its producer knows it. */
export interface RoutingMessage {
  readonly originServiceId: string
  readonly originServiceType: string
  /** Of a record with one destination the only one. */
  readonly destinations: readonly string[]
  /** ms since 1970 */
  readonly eventTimestamp: number
  readonly payload: string
}

/** Ids that the registry has given to the schemas. */
export interface RoutingSchemaIds {
  readonly input: number
  readonly fanOutInput: number
  /** Of what consumers read: a record that is written with it is none that can be routed. */
  readonly output: number
}

const INPUT = avsc.Type.forSchema(JSON.parse(ROUTING_SCHEMAS.input))
const FAN_OUT_INPUT = avsc.Type.forSchema(JSON.parse(ROUTING_SCHEMAS.fanOutInput))
const OUTPUT = avsc.Type.forSchema(JSON.parse(ROUTING_SCHEMAS.output))

/** The first version of the schema: one destination. */
export function encodeSingle (message: RoutingMessage, { input }: RoutingSchemaIds): Buffer {
  return framed(input, INPUT.toBuffer({ ...common(message), destination_service_type: message.destinations[0] ?? '' }))
}

/** The second version: the first destination in the old field if it is to stand there, the others in the new one. */
export function encodeFanOut (message: RoutingMessage, { fanOutInput }: RoutingSchemaIds, keepsOldField = true): Buffer {
  const [first = '', ...others] = message.destinations
  return framed(fanOutInput, FAN_OUT_INPUT.toBuffer({
    ...common(message),
    destination_service_type: keepsOldField ? first : '',
    destination_service_types: keepsOldField ? others : message.destinations
  }))
}

/** A record of the destinations' schema. */
export function encodeOutput ({ originServiceId, eventTimestamp, payload }: RoutingMessage, { output }: RoutingSchemaIds): Buffer {
  return framed(output, OUTPUT.toBuffer({
    producer_service_id: originServiceId,
    processor_service_id: 'generator',
    destination_type: 'FINANCE',
    producer_event_timestamp: eventTimestamp,
    processor_event_timestamp: eventTimestamp,
    payload
  }))
}

/**
 * A zero byte, the schema's id, the value.
 * https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#wire-format
 */
export function framed (schemaId: number, body: Buffer): Buffer {
  const header = Buffer.alloc(5)
  header.writeUInt32BE(schemaId, 1)
  return Buffer.concat([header, body])
}

function common ({ originServiceId, originServiceType, eventTimestamp, payload }: RoutingMessage) {
  return { origin_service_id: originServiceId, origin_service_type: originServiceType, event_timestamp: eventTimestamp, payload }
}
