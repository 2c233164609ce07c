import ipaddr from 'ipaddr.js'

/** Why an address may not be connected to: the kind of its network. `undefined` when it may. */
export type AddressGuard = (address: string) => string | undefined

/**
 * Lets public unicast addresses pass, and those in `allowedNetworks` (CIDR notation; a single address is a network too).
 * What is neither is refused: private, loopback, link-local (with the clouds' metadata services), shared, multicast and
 * reserved networks, and those that carry an IPv4 address inside, such as mapped ones, NAT64 and 6to4. Throws RangeError for
 * what is no network.
 * https://www.iana.org/assignments/iana-ipv4-special-registry, https://www.iana.org/assignments/iana-ipv6-special-registry
 */
export function createAddressGuard (allowedNetworks: readonly string[] = []): AddressGuard {
  const allowed = allowedNetworks.map(parseNetwork)
  return text => {
    const address = parseAddress(text)
    if (address === undefined) return 'no address'
    if (allowed.some(([network, bits]) => network.kind() === address.kind() && address.match(network, bits))) return undefined
    const range = address.range()
    if (range !== 'unicast') return range
    return address.kind() === 'ipv6' && !address.match(PUBLIC_IPV6, PUBLIC_IPV6_BITS) ? 'reserved' : undefined
  }
}

type Address = ipaddr.IPv4 | ipaddr.IPv6
type Network = readonly [Address, number]

/** All that is assigned for global unicast: https://www.iana.org/assignments/ipv6-address-space */
const PUBLIC_IPV6 = ipaddr.IPv6.parse('2000::')
const PUBLIC_IPV6_BITS = 3

/** A network in CIDR notation, or an address alone. Throws RangeError for anything else. */
function parseNetwork (text: string): Network {
  try {
    if (text.includes('/')) return ipaddr.parseCIDR(text)
    const address = ipaddr.parse(text)
    return [address, address.kind() === 'ipv4' ? 32 : 128]
  } catch {
    throw new RangeError(`${JSON.stringify(text)} is no network in CIDR notation, such as 10.0.0.0/8`)
  }
}

function parseAddress (text: string): Address | undefined {
  try {
    return ipaddr.parse(text)
  } catch {
    return undefined
  }
}
