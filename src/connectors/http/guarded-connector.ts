import { type LookupAddress } from 'node:dns'
import { isIP, type LookupFunction } from 'node:net'
import { buildConnector } from 'undici'
import { AppError } from '../../errors.js'
import { type AddressGuard } from './address-guard.js'
import { type ResolveName } from './name-resolver.js'

export interface GuardedConnectorOptions {
  readonly guard: AddressGuard
  readonly resolve: ResolveName
  /** For name look-up, TCP and TLS together. */
  readonly timeoutMs: number
  /** Certificates of the authorities to trust (PEM); without it those of Node.js. */
  readonly ca?: string | undefined
}

/**
 * Connects only to addresses that the guard lets pass. What a name resolves to is checked and connected to in one step, so
 * that a name that changes its address in between (DNS rebinding) gains nothing; of several addresses those that are
 * refused are left out. Fails with FORBIDDEN_ADDRESS when none is left.
 */
export function createGuardedConnector ({ guard, resolve, timeoutMs, ca }: GuardedConnectorOptions): buildConnector.connector {
  const connect = buildConnector({
    timeout: timeoutMs,
    autoSelectFamily: true,
    // Node gives an address up after 250 ms when there is another, which is less than some networks need.
    autoSelectFamilyAttemptTimeout: Math.max(MIN_ATTEMPT_MS, timeoutMs / 2),
    lookup: guardedLookup(guard, resolve),
    ...(ca === undefined ? {} : { ca })
  })
  return (options, callback) => {
    // No look-up happens for an address that is written as one.
    const refused = isIP(options.hostname) === 0 ? undefined : guard(options.hostname)
    if (refused === undefined) connect(options, callback)
    else callback(forbidden(options.hostname, refused), null)
  }
}

const MIN_ATTEMPT_MS = 250

function guardedLookup (guard: AddressGuard, resolve: ResolveName): LookupFunction {
  return (hostname, { all }, callback) => {
    resolve(hostname).then(addresses => {
      const passing = addresses.filter(({ address }) => guard(address) === undefined)
      const [first] = passing
      if (first === undefined) throw forbidden(hostname, guard(addresses[0]?.address ?? '') ?? '')
      if (all === true) callback(null, passing)
      else callback(null, first.address, first.family)
    }).catch((error: unknown) => { callback(error as NodeJS.ErrnoException, NOTHING) })
  }
}

const NOTHING: LookupAddress[] = []

/** Says the kind of the network and not the address, which is nobody's business. */
function forbidden (hostname: string, range: string): AppError {
  return new AppError('FORBIDDEN_ADDRESS', `${hostname} is ${range}`)
}
