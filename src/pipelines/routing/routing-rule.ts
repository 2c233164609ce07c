import { poison, type Poison } from '../../engine/outcome.js'
import { type ProducerToProcessor } from './schemas.js'

/** The places of the destinations, by `destinationKey` of their names. */
export type DestinationPlaces = ReadonlyMap<string, number>

export interface Route {
  /** As the record spells it. */
  readonly name: string
  readonly place: number
}

/** Names are compared without case. */
export function destinationKey (name: string): string {
  return name.toLowerCase()
}

/**
 * A record goes to every destination that it names, once to each, however often it names it. One that names a destination
 * which is not configured goes nowhere: its dead letter is the whole record, which can be sent again when it is.
 */
export function routesOf (record: ProducerToProcessor, places: DestinationPlaces): readonly Route[] | Poison {
  const { destination_service_type: one, destination_service_types: several = NONE } = record
  if (several.length === 0) {
    const route = routeOf(one, places)
    if (route !== undefined) return [route]
    return one === '' ? NO_DESTINATION : UNKNOWN_DESTINATION
  }
  const routes = new Map<number, Route>()
  for (const name of [one, ...several]) {
    if (name === '') continue
    const route = routeOf(name, places)
    if (route === undefined) return UNKNOWN_DESTINATION
    if (!routes.has(route.place)) routes.set(route.place, route)
  }
  return routes.size === 0 ? NO_DESTINATION : [...routes.values()]
}

function routeOf (name: string, places: DestinationPlaces): Route | undefined {
  const place = places.get(destinationKey(name))
  return place === undefined ? undefined : { name, place }
}

const NONE: readonly string[] = []
const NO_DESTINATION = poison('NO_DESTINATION', 'destination_service_type and destination_service_types are empty')
const UNKNOWN_DESTINATION = poison('UNKNOWN_DESTINATION', 'not in ROUTING_DESTINATIONS')
