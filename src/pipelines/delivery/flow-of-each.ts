import { type LimitSettings } from '../common/engine-limits.js'
import { type FlowSettings } from '../common/run-pipeline.js'

const MIN_RECORDS = 64
const MIN_BYTES = 1024 * 1024
/** Chunks that the credit holds, so that polls and sends overlap. */
const CHUNKS = 4

/** The limits of the process, shared out evenly and for good: no destination can take what another needs. */
export function flowOfEach<F extends FlowSettings & LimitSettings['flow']> (flow: F, destinations: number): F {
  const maxInFlightRecords = shareOf(flow.maxInFlightRecords, destinations, MIN_RECORDS)
  return {
    ...flow,
    maxInFlightRecords,
    maxInFlightBytes: shareOf(flow.maxInFlightBytes, destinations, MIN_BYTES),
    chunkRecords: Math.min(flow.chunkRecords, Math.ceil(maxInFlightRecords / CHUNKS))
  }
}

function shareOf (all: number, destinations: number, least: number): number {
  return Math.min(all, Math.max(least, Math.floor(all / destinations)))
}
