import { type EngineLimits } from '../../engine/engine-options.js'

/** The groups of the configuration that bound an engine. */
export interface LimitSettings {
  readonly kafka: { readonly sessionTimeoutMs: number }
  readonly flow: Pick<EngineLimits, 'maxInFlightRecords' | 'maxInFlightBytes' | 'maxUncommittedSpan'>
  readonly retry: Pick<EngineLimits, 'maxAttempts' | 'backoffBaseMs' | 'backoffMaxMs' | 'holdMaxMs'> & {
    readonly inPlaceMs: number
    /** Read only where there is a retry queue. */
    readonly creditShare: number
  }
}

export function engineLimits ({ kafka, flow, retry }: LimitSettings): EngineLimits {
  return {
    maxInFlightRecords: flow.maxInFlightRecords,
    maxInFlightBytes: flow.maxInFlightBytes,
    replayShare: retry.creditShare,
    maxAttempts: retry.maxAttempts,
    retryInPlaceMs: retry.inPlaceMs,
    backoffBaseMs: retry.backoffBaseMs,
    backoffMaxMs: retry.backoffMaxMs,
    holdMaxMs: retry.holdMaxMs,
    maxUncommittedSpan: flow.maxUncommittedSpan,
    maxPollSilenceMs: kafka.sessionTimeoutMs / 2,
    gateSettleMs: kafka.sessionTimeoutMs / 10
  }
}
