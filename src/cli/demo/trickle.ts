/** What follows the backlog slowly, for the latency without one. */
export const TRICKLE = { records: 100, perSecond: 50 } as const
