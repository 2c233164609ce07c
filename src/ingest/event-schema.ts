/** Longest user id, in characters: it is the key of a record and the lane of a delivery. */
const MAX_USER_ID_CHARS = 256

/** What a client sends: JSON Schema 2020-12, by which events are examined and the OpenAPI document describes them. */
export const EVENT_SCHEMA = {
  type: 'object',
  required: ['user_id', 'payload'],
  properties: {
    user_id: {
      type: 'string',
      minLength: 1,
      maxLength: MAX_USER_ID_CHARS,
      pattern: '^[^\\p{Cc}\\p{Cs}]+$',
      description: 'Events of one user reach each destination in the order they were accepted. No control characters.'
    },
    payload: {
      type: 'string',
      description: 'Passed on as it is.'
    }
  },
  additionalProperties: false
} as const

/** An event that holds to the schema. */
export interface IncomingEvent {
  readonly user_id: string
  readonly payload: string
}
