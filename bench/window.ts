import { Flight } from '../src/engine/flight.js'
import { type SourceRecord } from '../src/engine/record.js'
import { Window } from '../src/engine/window.js'
import { type Step, measureSteps } from './measure-steps.js'
import { type Scope } from './scope.js'

const RECORDS = 100_000
/** Records in flight in one partition: what the credit comes to with 12 partitions. */
const IN_FLIGHT = 600
const RECORDS_A_COMMIT = 10_000

export const scope: Scope = {
  summary: 'what it costs to know of each offset whether it is settled, and what may be committed',
  runs: 9,
  async measure ({ runs }, progress) {
    return { variants: await measureSteps(STEPS, { runs, progress }) }
  }
}

const STEPS: Record<string, Step> = {
  'do nothing': () => work(() => {}, 0),
  'settled in order': () => track(0),
  'settled in calls of 25, in any order': () => track(25)
}

/** A partition of records in flight, of which the oldest is settled, or all of a call, the youngest call first. */
function track (callRecords: number): number {
  const window = new Window<undefined>('bench', 0, 1, { settledIn: () => {}, lateSettled: () => {} })
  return work(flight => { window.settle(flight) }, callRecords, window)
}

function work (settle: (flight: Flight<undefined>) => void, callRecords: number, window?: Window<undefined>): number {
  const origin = window ?? NOWHERE
  let inFlight: Array<Flight<undefined>> = []
  for (let offset = 0; offset < RECORDS; offset++) {
    const flight = new Flight<undefined>(recordAt(offset), origin, 0)
    window?.admit(flight)
    inFlight.push(flight)
    if (inFlight.length < IN_FLIGHT) continue
    for (const each of callRecords === 0 ? inFlight : youngestCallFirst(inFlight, callRecords)) settle(each)
    inFlight = []
    if (offset % RECORDS_A_COMMIT < IN_FLIGHT && window?.committable !== undefined) window.committed(window.committable)
  }
  return RECORDS
}

function youngestCallFirst (flights: ReadonlyArray<Flight<undefined>>, callRecords: number): Array<Flight<undefined>> {
  const calls: Array<ReadonlyArray<Flight<undefined>>> = []
  for (let at = 0; at < flights.length; at += callRecords) calls.push(flights.slice(at, at + callRecords))
  return calls.reverse().flat()
}

const NOWHERE = { closed: false, draining: false, replay: false, started: () => {}, settle: () => {} }
const value = Buffer.alloc(170)

function recordAt (offset: number): SourceRecord {
  return { topic: 'bench', partition: 0, offset, key: null, value, headers: [], timestamp: 1 }
}
