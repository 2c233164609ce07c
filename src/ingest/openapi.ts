import { EVENT_SCHEMA } from './event-schema.js'
import { PROBLEM_TYPE } from './problem.js'

export interface OpenApiLimits {
  readonly maxBodyBytes: number
  readonly maxBatchEvents: number
  readonly needKeys: boolean
}

/** The interface as an OpenAPI 3.1 document: https://spec.openapis.org/oas/v3.1.0 */
export function openApiDocument (limits: OpenApiLimits): object {
  return {
    openapi: '3.1.0',
    info: {
      title: 'Penstock: events in',
      version: '1',
      description: 'An event that is answered with 202 is in the log, on all its replicas, and is delivered to every destination at least once, in order per user.'
    },
    paths: { '/events': { put: operation('putEvents', limits), post: operation('postEvents', limits) } },
    components: {
      schemas: {
        Event: EVENT_SCHEMA,
        Batch: { type: 'array', minItems: 1, maxItems: limits.maxBatchEvents, items: { $ref: '#/components/schemas/Event' } },
        Accepted: { type: 'object', required: ['id'], properties: { id: { type: 'string' } } },
        AcceptedBatch: { type: 'object', required: ['ids'], properties: { ids: { type: 'array', items: { type: 'string' } } } },
        Problem: PROBLEM_SCHEMA
      },
      ...(limits.needKeys ? { securitySchemes: { apiKey: { type: 'http', scheme: 'bearer' } } } : {})
    },
    ...(limits.needKeys ? { security: [{ apiKey: [] }] } : {})
  }
}

const PROBLEM_SCHEMA = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    detail: { type: 'string' },
    errors: {
      type: 'array',
      items: {
        type: 'object',
        required: ['code', 'detail'],
        properties: { index: { type: 'integer' }, code: { type: 'string' }, detail: { type: 'string' } }
      }
    }
  }
}

/** What each refusal means to a client. */
const REFUSALS: Readonly<Record<string, string>> = {
  400: 'The request can never be taken as it is: `errors` says why, event by event. Nothing of a batch was taken.',
  401: 'No API key, or an unknown one.',
  403: 'The API key may not be used.',
  408: 'The request did not arrive in time.',
  413: 'The body, or one of its events, is too large.',
  415: 'Neither `application/json` nor `application/x-ndjson`, or an encoded body.',
  429: 'The tenant sends more events than it may; `Retry-After` says when to go on.',
  503: 'The log does not take events at present; `Retry-After` says when to try again. With the same `Idempotency-Key` a repeat has the same ids, should the first have arrived after all.'
}

function operation (operationId: string, { maxBodyBytes, maxBatchEvents, needKeys }: OpenApiLimits) {
  const refusals = Object.entries(REFUSALS).filter(([status]) => needKeys || !['401', '429'].includes(status))
  return {
    operationId,
    summary: 'Accept an event, or a batch of them',
    parameters: [{
      name: 'Idempotency-Key',
      in: 'header',
      required: false,
      schema: { type: 'string', pattern: '^[\\x21-\\x7e]{1,255}$' },
      description: 'Repeat a request with the same key and the same body: its events keep their ids, by which a destination knows them again.'
    }],
    requestBody: {
      required: true,
      description: `At most ${maxBodyBytes} bytes and ${maxBatchEvents} events.`,
      content: {
        'application/json': { schema: { oneOf: [{ $ref: '#/components/schemas/Event' }, { $ref: '#/components/schemas/Batch' }] } },
        'application/x-ndjson': { schema: { type: 'string', description: 'An event a line.' } }
      }
    },
    responses: {
      202: {
        description: 'All replicas of the log have it.',
        content: { 'application/json': { schema: { oneOf: [{ $ref: '#/components/schemas/Accepted' }, { $ref: '#/components/schemas/AcceptedBatch' }] } } }
      },
      ...Object.fromEntries(refusals.map(([status, description]) =>
        [status, { description, content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } } }]))
    }
  }
}
