import { type Clock } from '../../engine/clock.js'
import { type Flight } from '../../engine/flight.js'
import { type Outcome, transient } from '../../engine/outcome.js'
import { type Stage } from '../../engine/stage.js'
import { outcomeOfAnswer, outcomeOfFailure } from './classify-answer.js'
import { type DestinationClient } from './destination-client.js'
import { Pace } from './pace.js'
import { retryAfterMs } from './retry-after.js'
import { type SignWebhook } from './webhook-signature.js'

export interface DeliveryStageOptions<T> {
  /** Of the destination. */
  readonly name: string
  readonly client: Pick<DestinationClient, 'send'>
  readonly sign: SignWebhook
  /** Requests in flight. */
  readonly concurrency: number
  readonly ratePerSecond: number | undefined
  /** A `Retry-After` that asks for more is cut to this. */
  readonly retryAfterMaxMs: number
  readonly clock: Clock
  /** Whose events stay in order: one request in flight, the next after the end of the one before. */
  laneOf (flight: Flight<T>): string
  /** Unique per event and the same whenever it is sent. */
  idOf (flight: Flight<T>): string
}

/**
 * Sends each record's value to a destination, one a request. A repeated send carries the same id and bytes. When the
 * destination asks for a pause (429, 503 with `Retry-After`), nothing is sent before it is over.
 */
export function createDeliveryStage<T> (options: DeliveryStageOptions<T>): Stage<T> {
  const { name, client, sign, concurrency, retryAfterMaxMs, clock, laneOf, idOf } = options
  const pace = new Pace(clock, options.ratePerSecond)

  async function deliver (flight: Flight<T>, signal: AbortSignal): Promise<Outcome> {
    if (!await pace.turn(signal)) return transient('ABORTED', 'given up before it was sent')
    const body = flight.record.value ?? EMPTY
    try {
      const { status, retryAfter } = await client.send(body, sign(idOf(flight), body, clock.wallTime()), signal)
      const pauseMs = retryAfterMs(retryAfter, clock.wallTime(), retryAfterMaxMs)
      if (pauseMs !== undefined && PAUSING.has(status)) pace.pause(pauseMs)
      return outcomeOfAnswer(status, pauseMs)
    } catch (error) {
      return outcomeOfFailure(error)
    }
  }

  return {
    name,
    batch: { maxRecords: 1, maxBytes: Infinity, lingerMs: 0 },
    concurrency,
    orderKey: laneOf,
    bytes: flight => flight.bytes,
    run: (flights, signal) => Promise.all(flights.map(flight => deliver(flight, signal)))
  }
}

/** Said of the destination, not of one event. */
const PAUSING: ReadonlySet<number> = new Set([429, 503])
const EMPTY = Buffer.alloc(0)
