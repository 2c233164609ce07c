import { type Answer, refusal } from './answer.js'

/**
 * How far the date of a signature may be from the clock of the service.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-troubleshooting.html
 */
const MAX_AGE_MS = 15 * 60_000
const MAX_AHEAD_MS = 5 * 60_000
const DATE = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/

/** The refusal of a call that was signed too long ago, or in the future, by its `x-amz-date`; nothing else of the signature is looked at. */
export function refuseDate (date: string | string[] | undefined, now: number): Answer | undefined {
  if (typeof date !== 'string') return undefined
  const ageMs = now - Date.parse(date.replace(DATE, '$1-$2-$3T$4:$5:$6Z'))
  if (ageMs <= MAX_AGE_MS && ageMs >= -MAX_AHEAD_MS) return undefined
  return refusal('InvalidSignatureException', ageMs > 0 ? `Signature expired: ${date} is now earlier than 15 min. ago` : `Signature not yet current: ${date} is still later than in 5 min.`)
}
