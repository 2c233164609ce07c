import { type Flight } from '../../src/engine/flight.js'
import { poison } from '../../src/engine/outcome.js'
import { type Configuration } from './configuration.js'
import { WireStage, type Parcel, type WireCall } from './wire.js'

/** The road of the events pipeline, in small. */
export interface WireRoad {
  readonly table: WireStage
  readonly queues: WireStage
  readonly deadLetters: WireStage
  readonly retryQueue: WireStage | undefined
}

export function createRoad ({ order, retryQueue, callRecords, lingerMs }: Configuration, left: (call: WireCall) => void): WireRoad {
  const batch = { maxRecords: callRecords, maxBytes: 3_000, lingerMs }
  return {
    table: new WireStage({
      name: 'table', batch, concurrency: 3, orderKey: uidOf, coalesce: 'latest', left
    }),
    queues: new WireStage({
      name: 'queues',
      batch,
      concurrency: 2,
      batchKey: flight => flight.payload.record.client,
      orderKey: partitionOf,
      check: flight => flight.payload.record.kind === 'oversized' ? poison('MESSAGE_TOO_LARGE', 'planned') : undefined,
      ...(order === 'strict' ? { maxPerLane: 1 } : {}),
      left
    }),
    deadLetters: new WireStage({ name: 'dead letters', batch: { maxRecords: 10, maxBytes: 100_000, lingerMs: 0 }, concurrency: 2, orderKey: partitionOf, left }),
    retryQueue: order === 'strict' || !retryQueue
      ? undefined
      : new WireStage({
        name: 'retry queue',
        batch: { maxRecords: 10, maxBytes: 100_000, lingerMs: 0 },
        concurrency: 2,
        orderKey: uidOf,
        check: flight => flight.payload.record.kind === 'unenvelopable' ? poison('MESSAGE_TOO_LARGE', 'planned') : undefined,
        left
      })
  }
}

function uidOf ({ payload: { record } }: Flight<Parcel>): string {
  return `${record.client}${record.uid}`
}

function partitionOf ({ record }: Flight<Parcel>): string {
  return String(record.partition)
}
