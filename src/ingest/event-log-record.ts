import { type DeliveryEvent, encodeEvent } from '../pipelines/delivery/event.js'
import { type LogRecord } from './event-log.js'

/** The key is the user id: the events of a user share a partition, and keep their order in it. */
export function toEventRecord (topic: string, event: DeliveryEvent): LogRecord {
  return { topic, key: Buffer.from(event.user_id), value: encodeEvent(event), headers: [] }
}
