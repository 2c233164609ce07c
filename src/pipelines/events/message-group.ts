import { fifoId } from '../../connectors/sqs/fifo-id.js'
import { type SourceRecord } from '../../engine/record.js'
import { type Event } from './event.js'

export type MessageGroup = 'partition' | 'client' | 'key' | 'uid'

/**
 * The FIFO group of an event within its client's queue: order is kept, and calls wait for each other, within one.
 * A record without a key falls back to its partition.
 */
export function messageGroupOf (group: MessageGroup, event: Event, { key, partition }: Pick<SourceRecord, 'key' | 'partition'>): string {
  switch (group) {
    case 'client': return event.client
    case 'uid': return fifoId(event.uid)
    case 'key': return key === null ? `${event.client}:${partition}` : fifoId(key.toString('base64url'))
    case 'partition': return `${event.client}:${partition}`
  }
}
