/**
 * `date-time` of RFC 3339 § 5.6, to the letter: `T` and `Z` (also in lower case, as the RFC allows), any number of
 * fractional digits, a real day of the calendar, an offset of at most 23:59. A leap second is taken at 23:59:60 UTC of
 * any day, since which days will have one is not known in advance.
 */
export function isDateTime (text: string): boolean {
  if (!DATE_TIME.test(text)) return false
  const month = twoDigits(text, 5)
  const hour = twoDigits(text, 11)
  const minute = twoDigits(text, 14)
  const second = twoDigits(text, 17)
  if (month < 1 || month > 12 || hour > 23 || minute > 59 || second > 60) return false
  const day = twoDigits(text, 8)
  if (day < 1 || day > daysOf(month, twoDigits(text, 0) * 100 + twoDigits(text, 2))) return false

  const sign = text.at(-6)
  const offset = sign === '+' || sign === '-'
  const offsetHour = offset ? twoDigits(text, text.length - 5) : 0
  const offsetMinute = offset ? twoDigits(text, text.length - 2) : 0
  if (offsetHour > 23 || offsetMinute > 59) return false
  if (second < 60) return true
  const shift = (offsetHour * 60 + offsetMinute) * (sign === '-' ? 1 : -1)
  return (hour * 60 + minute + shift + 2 * DAY_MINUTES) % DAY_MINUTES === DAY_MINUTES - 1
}

const DATE_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/i
const DAY_MINUTES = 1_440
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]

function twoDigits (text: string, at: number): number {
  return text.charCodeAt(at) * 10 + text.charCodeAt(at + 1) - 48 * 11
}

function daysOf (month: number, year: number): number {
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  return month === 2 && leap ? 29 : DAYS[month - 1]!
}
