import { randomInt } from 'node:crypto'
import { Random } from '../../../src/generator/random.js'
import { parameter } from './parameters.js'

/** One for the whole test file: from `FAULTS_SEED`, or drawn. A failure is tried again with the seed that it printed. */
export const RUN_SEED = parameter('SEED', randomInt(2 ** 31))

/** Random numbers of a run's own, by its name: adding a run to a file does not change those of the others. */
export function randomOf (name: string): Random {
  let salt = 0
  for (const character of name) salt = Math.imul(salt, 31) + (character.codePointAt(0) ?? 0) | 0
  return new Random(RUN_SEED, salt >>> 1)
}
