import { encodeRow, type Row } from '../../connectors/dynamodb/row.js'
import { type SourceRecord } from '../../engine/record.js'
import { type EventPayload } from './event.js'

export const KEY_ATTRIBUTE = 'UUID'

/**
 * The row of an event. `SourcePartition` and `SourceOffset` trace it back to its record and let a late write know
 * whether it is still the newest. `Event` holds the event's own text when it says more than the five attributes.
 */
export function rowOf (event: EventPayload, { partition, offset }: SourceRecord): Row {
  return encodeRow(event.uid, {
    [KEY_ATTRIBUTE]: { S: event.uid },
    Context: { S: event.context },
    EventType: { S: event.eventType },
    Client: { S: event.client },
    CreatedAt: { S: event.createdAt },
    ...(event.text === undefined ? {} : { Event: { S: event.text } }),
    SourcePartition: { N: String(partition) },
    SourceOffset: { N: String(offset) }
  })
}
