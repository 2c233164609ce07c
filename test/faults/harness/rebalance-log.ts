import { type TestService } from '../../helpers/service.js'

/** When a member first said that partitions were assigned or revoked, in ms since 1970. An assignment of none does not count. */
export function rebalancedAt ({ log }: TestService, event: 'assigned' | 'revoked' | 'lost'): number {
  const line = log.find(line => line.event === event && line.partitions !== '')
  if (line === undefined) throw new Error(`no partitions were ever ${event}`)
  return Date.parse(String(line.time))
}
