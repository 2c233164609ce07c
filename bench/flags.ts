import { InvalidArgumentError } from 'commander'

/** A whole number, 0 or more. */
export function count (text: string): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('not a whole number')
  return value
}

/** Whole numbers, separated by commas. */
export function counts (text: string): number[] {
  return text.split(',').map(count)
}
