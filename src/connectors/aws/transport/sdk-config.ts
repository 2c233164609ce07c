import { type CallTarget } from './call-target.js'

/** What the transport shares with a client of the SDK: its resolved configuration. */
export interface SdkConfig {
  credentials (options?: { readonly forceRefresh?: boolean }): Promise<CallTarget['identity']>
  /** ms that the service's clock is ahead; the SDK corrects it by each answer, and so does the transport. */
  systemClockOffset: number
  disableClockSkewCorrection (): Promise<boolean>
  useFipsEndpoint (): Promise<boolean>
  useDualstackEndpoint (): Promise<boolean>
  readonly httpAuthSchemes: ReadonlyArray<{ readonly schemeId: string }>
}

/**
 * Why a client's calls are left to the SDK, or `undefined`. It speaks of what is configured, not of what can be reached.
 * A proxy is no reason: the SDK goes past `HTTPS_PROXY` too.
 */
export async function reasonForSdk (config: SdkConfig): Promise<string | undefined> {
  try {
    if (await config.useFipsEndpoint()) return 'FIPS endpoints are asked for'
    if (await config.useDualstackEndpoint()) return 'dual-stack endpoints are asked for'
    if (await config.disableClockSkewCorrection()) return 'the correction of the clock is switched off'
    const other = config.httpAuthSchemes.find(({ schemeId }) => schemeId !== 'aws.auth#sigv4')
    return other === undefined ? undefined : `calls may be signed by ${other.schemeId}`
  } catch {
    return 'its configuration can not be read' // Its own calls will say why.
  }
}
