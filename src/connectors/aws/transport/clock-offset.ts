import { type IncomingHttpHeaders } from 'node:http'
import { type SdkConfig } from './sdk-config.js'

/** The answer to a call that took longer says too little about now. */
const LONGEST_CALL_MS = 15 * 60_000

/**
 * Sets the clock of the service by the date of an answer, as the SDK does, in the place where it keeps it, so that its
 * calls gain from it too. An answer out of a cache (with an age) and one without a date say nothing.
 */
export function learnClock (config: Pick<SdkConfig, 'systemClockOffset'>, headers: IncomingHttpHeaders, sentAt: number): void {
  const { date, age } = headers
  if (date === undefined || age !== undefined) return
  const now = Date.now()
  const serviceTime = Date.parse(date)
  if (!Number.isNaN(serviceTime) && now - sentAt <= LONGEST_CALL_MS) config.systemClockOffset = serviceTime - now
}
