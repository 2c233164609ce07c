import { move, transferableSymbol, valueSymbol } from 'piscina'

/** What a worker answers, with memory of it that is moved to the main thread instead of copied. */
export function moved (answer: object, memory: readonly ArrayBuffer[]): unknown {
  return move({ [transferableSymbol]: memory, [valueSymbol]: answer })
}
