import { Flight, type Origin } from '../../../src/engine/flight.js'
import { type SourceRecord } from '../../../src/engine/record.js'

export interface FlightOptions {
  readonly replay?: boolean
  readonly record?: Partial<SourceRecord>
}

/** A flight on its way to a stage, with its payload and nothing around it. */
export function flightOf<T> (payload: T, { replay = false, record = {} }: FlightOptions = {}): Flight<T> {
  const origin: Origin<T> = { closed: false, draining: false, replay, started () {}, settle () {} }
  const flight = new Flight<T>({ topic: 'events', partition: 0, offset: 0, key: null, value: Buffer.from('{}'), headers: [], timestamp: -1, ...record }, origin, 0)
  flight.payload = payload
  return flight
}

/** A client whose `send` is a function of the command's name and input. */
export function fakeClient<Client extends { send: unknown }> (answer: (operation: string, input: never) => unknown): Pick<Client, 'send'> {
  const send = async (command: { constructor: { name: string }, input: unknown }) =>
    await answer(command.constructor.name.replace(/Command$/, ''), command.input as never)
  return { send }
}

/** An error as a service answers it. */
export function serviceError (name: string, httpStatusCode = 400): Error {
  return Object.assign(new Error(`${name} it is`), { name, $metadata: { httpStatusCode }, $fault: httpStatusCode >= 500 ? 'server' : 'client' })
}
