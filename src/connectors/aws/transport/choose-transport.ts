import { reasonForSdk, type SdkConfig } from './sdk-config.js'

export type Transport = 'sdk' | 'signed'

export interface ChosenTransport {
  readonly transport: Transport
  /** Why it is the SDK although signed calls were asked for. */
  readonly reason?: string
}

/** What carries a client's batches: what was asked for, unless only the SDK serves what the client is configured for. */
export async function chooseTransport (asked: Transport, config: SdkConfig): Promise<ChosenTransport> {
  if (asked === 'sdk') return { transport: 'sdk' }
  const reason = await reasonForSdk(config)
  return reason === undefined ? { transport: 'signed' } : { transport: 'sdk', reason }
}
