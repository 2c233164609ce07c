/** Where the servers of the routing demo are. */
export interface RoutingPlace {
  readonly brokers: string
  readonly registryUrl: string
  readonly adminPort: number
}

/** Where the servers of the delivery demo are. */
export interface DeliveryPlace {
  readonly brokers: string
  readonly adminPort: number
  readonly ingestPort: number
  /** As `DELIVERY_DESTINATIONS_JSON` has them. */
  readonly destinations: readonly object[]
}

/** Where the servers of the events demo are. */
export interface DemoPlace {
  readonly brokers: string
  /** Of Kafka Connect; undefined when it was not started. */
  readonly connectUrl: string | undefined
  readonly dynamodbEndpoint: string
  readonly sqsEndpoint: string
  readonly adminPort: number
}

/** What says where things are and what they are called. Knobs that only tune, such as `VALIDATION_THREADS`, are the user's. */
const PLACES = /^(KAFKA_|AWS_|EVENTS_|ROUTING_|SCHEMA_REGISTR|DELIVERY_|INGEST_|ADMIN_|DEAD_LETTER_TOPIC$|RETRY_QUEUE$|SQS_QUEUE_URLS$|PROCESSES$)/

/** Local servers check no credentials, but the SDK wants some. */
export const LOCAL_REGION = 'eu-west-1'
export const LOCAL_CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' } as const

/** Points an environment at the demo's servers; settings of the user's that would lead elsewhere are left out. */
export function demoEnvironment (env: NodeJS.ProcessEnv, place: DemoPlace): NodeJS.ProcessEnv {
  return {
    ...withoutPlaces(env),
    ...common(place),
    AWS_ENDPOINT_URL_DYNAMODB: place.dynamodbEndpoint,
    AWS_ENDPOINT_URL_SQS: place.sqsEndpoint,
    AWS_REGION: LOCAL_REGION,
    AWS_ACCESS_KEY_ID: LOCAL_CREDENTIALS.accessKeyId,
    AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIALS.secretAccessKey,
    AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true'
  }
}

export function routingDemoEnvironment (env: NodeJS.ProcessEnv, place: RoutingPlace): NodeJS.ProcessEnv {
  return { ...withoutPlaces(env), ...common(place), SCHEMA_REGISTRY_URL: place.registryUrl }
}

export function deliveryDemoEnvironment (env: NodeJS.ProcessEnv, place: DeliveryPlace): NodeJS.ProcessEnv {
  return { ...withoutPlaces(env), ...common(place), INGEST_PORT: String(place.ingestPort), DELIVERY_DESTINATIONS_JSON: JSON.stringify(place.destinations) }
}

/** The AWS SDK reads the environment of the process it runs in, so it has to be this process' own. */
export function adoptEnvironment (env: NodeJS.ProcessEnv): void {
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name]
  Object.assign(process.env, env)
}

function withoutPlaces (env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !PLACES.test(name)))
}

function common ({ brokers, adminPort }: { readonly brokers: string, readonly adminPort: number }): NodeJS.ProcessEnv {
  return { KAFKA_BROKERS: brokers, ADMIN_PORT: String(adminPort) }
}
