import { type DeliverySettings } from './start.js'

/** Those that this process delivers to. */
export function chosenDestinations ({ destinations, subset, parts }: DeliverySettings['delivery']): DeliverySettings['delivery']['destinations'] {
  if (parts === 'ingest') return []
  return subset.length === 0 ? destinations : destinations.filter(({ name }) => subset.includes(name))
}
