import { outcomeOfFailure } from '../../connectors/http/classify-answer.js'
import { tryConnection } from '../../connectors/http/try-connection.js'
import { type FailureCode } from '../../errors.js'
import { chosenDestinations } from '../../pipelines/delivery/chosen-destinations.js'
import { type DeliveryDestination } from '../../service/config/delivery-destination.js'
import { type DeliveryConfig } from '../../service/config/load-config.js'
import { type CheckResult, failed, note, passed } from './check-result.js'

const DAY_MS = 24 * 60 * 60 * 1000
/** A certificate that ends sooner is worth a word. */
const SOON_MS = 14 * DAY_MS

/** Connects to each destination of this process, all at once, and sends nothing: any request would be an event to it. */
export async function checkDestinations ({ delivery }: DeliveryConfig, now = Date.now()): Promise<CheckResult[]> {
  if (delivery.parts === 'ingest') return [note('destinations', 'not tried: with DELIVERY_PARTS=ingest this process delivers nothing')]
  return await Promise.all(chosenDestinations(delivery).map(async destination => await checkDestination(destination, now)))
}

async function checkDestination (destination: DeliveryDestination, now: number): Promise<CheckResult> {
  const name = `destination ${destination.name}`
  const { origin } = new URL(destination.url) // what follows may hold secrets
  try {
    const { address, port, tls } = await tryConnection(destination)
    const detail = `${origin} at ${address}, port ${port}`
    if (tls === undefined) return note(name, `${detail}: connected, and nothing sent is encrypted`)
    const certificate = `${detail}: ${tls.protocol}, certificate until ${tls.validTo.toISOString().slice(0, 10)}`
    return tls.validTo.getTime() - now < SOON_MS ? note(name, certificate, 'have it renewed in time') : passed(name, certificate)
  } catch (error) {
    const outcome = outcomeOfFailure(error)
    if (outcome.class === 'done') throw error
    return failed(name, `${origin}: ${outcome.code}: ${outcome.detail}`, REMEDIES[outcome.code] ?? 'look whether it runs and what lies in between; connectTimeoutMs is how long it may take')
  }
}

const REMEDIES: Readonly<Partial<Record<FailureCode, string>>> = {
  NOT_FOUND: 'compare its url; names are looked up in DNS alone, without the hosts file and search domains',
  NAME_LOOKUP_FAILED: 'look whether this machine\'s name servers (/etc/resolv.conf) answer; connectTimeoutMs is how long a look-up may take, with the connection',
  FORBIDDEN_ADDRESS: 'if it is meant to be there, name its network in allowedNetworks',
  TLS_FAILED: 'compare its url with its certificate; NODE_EXTRA_CA_CERTS trusts an authority of your own'
}
