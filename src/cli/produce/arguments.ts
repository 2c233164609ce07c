import { InvalidArgumentError } from 'commander'

/** What the options of `penstock produce` may hold. */

export function wholeNumber (text: string): number {
  if (!/^\d{1,10}$/.test(text)) throw new InvalidArgumentError('a whole number, such as 10000')
  return Number(text)
}

export function positiveNumber (text: string): number {
  const value = wholeNumber(text)
  if (value === 0) throw new InvalidArgumentError('at least 1')
  return value
}

export function share (text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('a share from 0 to 1, such as 0.01')
  return value
}

export function perSecond (text: string): number {
  const found = /^(\d+(?:\.\d+)?)(k?)(?:\/s)?$/.exec(text)
  const value = Number(found?.[1] ?? 0) * (found?.[2] === 'k' ? 1_000 : 1)
  if (value <= 0) throw new InvalidArgumentError('records per second, such as 500/s or 2k/s')
  return value
}

/** In ms. */
export function duration (text: string): number {
  const found = /^(\d+(?:\.\d+)?)(ms|s|m)$/.exec(text)
  const value = Number(found?.[1] ?? 0) * ({ ms: 1, s: 1_000, m: 60_000 }[found?.[2] ?? ''] ?? 0)
  if (value <= 0) throw new InvalidArgumentError('a time, such as 500ms or 1s')
  return value
}

export function names (text: string): string[] {
  return text.split(',').map(name => name.trim()).filter(name => name !== '')
}
