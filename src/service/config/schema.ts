import { dynamodbKnobs, awsKnobs, retryQueueKnobs, sqsKnobs } from './schema-aws.js'
import { eventsKnobs } from './schema-events.js'
import { flowKnobs, jsonKnobs, maxInFlightRecords, processKnobs, retryKnobs, serviceKnobs, validationKnobs } from './schema-service.js'
import { deliveryKnobs, ingestKnobs } from './schema-delivery.js'
import { groupId, kafkaKnobs, producerKnobs } from './schema-kafka.js'
import { type Knob } from './knob.js'
import { registryKnobs, routingKnobs } from './schema-routing.js'

const flow = { title: 'Flow, commits and shutdown', knobs: flowKnobs }
const service = { title: 'Logs and the admin port', knobs: serviceKnobs }
const processes = { title: 'Processes (read by the launcher)', knobs: processKnobs }

/** Every knob of `penstock run events`, by group. The documentation, `.env.example` and the type of the configuration come from here. */
export const EVENTS_SCHEMA = {
  events: { title: 'Events pipeline', knobs: eventsKnobs },
  kafka: { title: 'Kafka', knobs: { ...kafkaKnobs, groupId: groupId('event-processor') } },
  validation: { title: 'Validation', knobs: { ...validationKnobs, ...jsonKnobs } },
  dynamodb: { title: 'DynamoDB', knobs: dynamodbKnobs },
  sqs: { title: 'SQS', knobs: sqsKnobs },
  retry: { title: 'Failures and retries', knobs: { ...retryKnobs, ...retryQueueKnobs } },
  flow,
  aws: { title: 'AWS', knobs: awsKnobs },
  service,
  process: processes
} as const satisfies Schema

/** Every knob of `penstock run routing`. */
export const ROUTING_SCHEMA = {
  routing: { title: 'Routing pipeline', knobs: routingKnobs },
  registry: { title: 'Schema registry', knobs: registryKnobs },
  kafka: { title: 'Kafka', knobs: { ...kafkaKnobs, groupId: groupId('event_processor') } },
  producer: { title: 'Kafka producer', knobs: producerKnobs },
  validation: { title: 'Validation', knobs: validationKnobs },
  retry: { title: 'Failures and retries', knobs: retryKnobs },
  flow: { ...flow, knobs: { ...flowKnobs, maxInFlightRecords: maxInFlightRecords(2_000) } },
  service,
  process: processes
} as const satisfies Schema

const { autoOffsetReset: _eachDestinationHasItsOwn, ...deliveryKafkaKnobs } = kafkaKnobs

/** Every knob of `penstock run delivery`. What concerns one destination stands in its own JSON. */
export const DELIVERY_SCHEMA = {
  delivery: { title: 'Delivery pipeline', knobs: deliveryKnobs },
  ingest: { title: 'Events in, over HTTP', knobs: ingestKnobs },
  kafka: { title: 'Kafka', knobs: deliveryKafkaKnobs },
  producer: { title: 'Kafka producer', knobs: producerKnobs },
  validation: { title: 'Validation', knobs: { maxRecordBytes: validationKnobs.maxRecordBytes } },
  flow,
  service,
  process: processes
} as const satisfies Schema

export type Schema = Readonly<Record<string, { readonly title: string, readonly knobs: Readonly<Record<string, Knob<unknown>>> }>>

/** What a schema's variables resolve to, by group and by the name each knob has in it. */
export type Resolved<S extends Schema> = {
  readonly [G in keyof S]: { readonly [K in keyof S[G]['knobs']]: S[G]['knobs'][K] extends Knob<infer T> ? T : never }
}

export function knobsOf (schema: Schema): ReadonlyArray<Knob<unknown>> {
  return Object.values(schema).flatMap(group => Object.values(group.knobs))
}

/** Read by the AWS SDK itself, by AWS' own rules; shown here, never interpreted. `true`: a secret. */
export const AWS_VARIABLES: Readonly<Record<string, boolean>> = {
  AWS_REGION: false,
  AWS_DEFAULT_REGION: false,
  AWS_PROFILE: false,
  AWS_ENDPOINT_URL: false,
  AWS_ENDPOINT_URL_DYNAMODB: false,
  AWS_ENDPOINT_URL_SQS: false,
  AWS_USE_FIPS_ENDPOINT: false,
  AWS_USE_DUALSTACK_ENDPOINT: false,
  AWS_ROLE_ARN: false,
  AWS_WEB_IDENTITY_TOKEN_FILE: false,
  AWS_CONTAINER_CREDENTIALS_FULL_URI: false,
  AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: false,
  AWS_ACCESS_KEY_ID: true,
  AWS_SECRET_ACCESS_KEY: true,
  AWS_SESSION_TOKEN: true
}
