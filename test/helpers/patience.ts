/**
 * Knobs of a run in which no call hangs: one that is given up on a starved machine has its effect all the same, and would
 * be repeated.
 */
export const PATIENT = { AWS_CONNECT_TIMEOUT_MS: '60000', AWS_REQUEST_TIMEOUT_MS: '60000', RETRY_VISIBILITY_MS: '180000' } as const
