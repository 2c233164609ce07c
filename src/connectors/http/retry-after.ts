/**
 * The pause that a `Retry-After` header asks for, in ms: seconds, or a date (RFC 9110 § 10.2.3) from `now` on, in ms since
 * 1970. At most `maxMs`; `undefined` without a header that can be understood.
 */
export function retryAfterMs (header: string | readonly string[] | undefined, now: number, maxMs: number): number | undefined {
  const text = (typeof header === 'string' ? header : header?.[0])?.trim()
  if (text === undefined) return undefined
  const delay = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(HTTP_DATE.test(text) ? text : '') - now
  return Number.isNaN(delay) ? undefined : Math.min(maxMs, Math.max(0, delay))
}

/** All three forms that a recipient has to accept begin with the day's name. */
const HTTP_DATE = /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]*,? /
