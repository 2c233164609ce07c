import { type TestService } from '../../helpers/service.js'

/** When a member first said that partitions were assigned or revoked, in ms since 1970. An assignment of none does not count. */
export function rebalancedAt ({ log }: TestService, event: 'assigned' | 'revoked' | 'lost'): number {
  const line = log.find(line => line.event === event && line.partitions !== '')
  if (line === undefined) throw new Error(`no partitions were ever ${event}`)
  return Date.parse(String(line.time))
}

/**
 * How often a service, dead or alive, said that its group had expelled it: on a starved machine without any fault. What
 * it had in flight is then done again.
 */
export function expulsionsOf (services: readonly TestService[]): number {
  return services.reduce((sum, { log }) => sum + log.filter(line => line.event === 'lost' && line.partitions !== '').length, 0)
}
