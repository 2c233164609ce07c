import { crossCheckDelivery } from './cross-checks-delivery.js'
import { crossCheckEvents } from './cross-checks-events.js'
import { crossCheckRouting } from './cross-checks-routing.js'
import { type Findings, type IsSet } from './cross-checks.js'
import { type PipelineConfigs } from './load-config.js'
import { type Knob } from './knob.js'
import { DELIVERY_SCHEMA, EVENTS_SCHEMA, knobsOf, ROUTING_SCHEMA, type Schema } from './schema.js'

export type PipelineName = keyof PipelineConfigs

/** What configures a pipeline. */
interface PipelineDefinition<P extends PipelineName> {
  readonly schema: Schema
  /** What no knob can tell alone, beside what holds for all pipelines. */
  crossCheck (config: PipelineConfigs[P], isSet: IsSet): Findings
  /** What a proxy of the environment is not used for, in words. */
  readonly proxied: string
}

export const PIPELINES: { readonly [P in PipelineName]: PipelineDefinition<P> } = {
  events: {
    schema: EVENTS_SCHEMA,
    crossCheck: crossCheckEvents,
    proxied: 'calls to AWS go past proxies, as the AWS SDK\'s do. Where only a proxy leads out, use VPC endpoints, or AWS_ENDPOINT_URL_DYNAMODB and AWS_ENDPOINT_URL_SQS'
  },
  routing: {
    schema: ROUTING_SCHEMA,
    crossCheck: crossCheckRouting,
    proxied: 'calls to the schema registry go past proxies'
  },
  delivery: {
    schema: DELIVERY_SCHEMA,
    crossCheck: crossCheckDelivery,
    proxied: 'requests to destinations go past proxies: only then can their addresses be checked'
  }
}

export const PIPELINE_NAMES = ['events', 'routing', 'delivery'] as const satisfies readonly PipelineName[]

/** Of all pipelines. A variable that several of them have is there once for each whose default differs. */
export const KNOBS: ReadonlyArray<Knob<unknown>> = [...new Set(PIPELINE_NAMES.flatMap(name => knobsOf(PIPELINES[name].schema)))]
