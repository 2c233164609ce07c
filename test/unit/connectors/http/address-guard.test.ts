import t from 'tap'
import { createAddressGuard } from '../../../../src/connectors/http/address-guard.js'

const REFUSED: ReadonlyArray<readonly [address: string, range: string]> = [
  ['0.0.0.0', 'unspecified'], ['0.1.2.3', 'unspecified'],
  ['127.0.0.1', 'loopback'], ['127.255.255.254', 'loopback'],
  ['10.0.0.1', 'private'], ['172.16.0.1', 'private'], ['172.31.255.255', 'private'], ['192.168.1.1', 'private'],
  ['169.254.169.254', 'linkLocal'], ['100.64.0.1', 'carrierGradeNat'], ['100.100.100.200', 'carrierGradeNat'],
  ['224.0.0.1', 'multicast'], ['239.255.255.255', 'multicast'], ['255.255.255.255', 'broadcast'],
  ['192.0.0.192', 'reserved'], ['192.0.2.1', 'reserved'], ['198.18.0.1', 'reserved'], ['198.51.100.1', 'reserved'], ['203.0.113.1', 'reserved'], ['240.0.0.1', 'reserved'],
  ['::', 'unspecified'], ['::1', 'loopback'], ['fe80::1', 'linkLocal'], ['febf::1', 'linkLocal'],
  ['fc00::1', 'uniqueLocal'], ['fd00:ec2::254', 'uniqueLocal'], ['fec0::1', 'deprecatedSiteLocal'], ['ff02::1', 'multicast'],
  ['::ffff:127.0.0.1', 'ipv4Mapped'], ['::ffff:8.8.8.8', 'ipv4Mapped'], ['::ffff:a9fe:a9fe', 'ipv4Mapped'],
  ['64:ff9b::7f00:1', 'rfc6052'], ['64:ff9b:1::a00:1', 'rfc6052'], ['2002:7f00:1::', '6to4'], ['2001::1', 'teredo'],
  ['::7f00:1', 'reserved'], ['::127.0.0.1', 'ipv4Mapped'], ['4000::1', 'reserved'], ['5f00::1', 'segmentRouting'], ['100::1', 'discard'], ['2001:db8::1', 'reserved']
]

t.test('an address that is not public is refused, and the kind of its network is said', async t => {
  const guard = createAddressGuard()
  for (const [address, range] of REFUSED) t.equal(guard(address), range, address)
})

t.test('a public address passes', async t => {
  const guard = createAddressGuard()
  for (const address of ['8.8.8.8', '1.1.1.1', '172.15.255.255', '172.32.0.1', '100.128.0.1', '11.0.0.1', '2606:4700:4700::1111', '2a00:1450::1']) t.equal(guard(address), undefined, address)
})

t.test('what is no address is refused', async t => {
  const guard = createAddressGuard(['0.0.0.0/0', '::/0'])
  for (const text of ['', 'localhost', '256.1.1.1', '1.2.3.4.5', ':::', '127.0.0.1/8']) t.equal(guard(text), 'no address', text)
})

t.test('a network that is allowed passes, and nothing beside it', async t => {
  const guard = createAddressGuard(['10.1.0.0/16', '127.0.0.1', 'fd00::/8'])
  for (const address of ['10.1.0.1', '10.1.255.255', '127.0.0.1', 'fd12::1']) t.equal(guard(address), undefined, address)
  for (const address of ['10.2.0.1', '127.0.0.2', '::1', '::ffff:10.1.0.1', '::ffff:127.0.0.1', 'fc00::1']) t.type(guard(address), 'string', address)
})

t.test('what is no network can not be allowed', async t => {
  for (const text of ['10.0.0.0/33', 'intranet', '', '10.0.0.0/-1', '::/129']) t.throws(() => createAddressGuard([text]), RangeError, text)
})
