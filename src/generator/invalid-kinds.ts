import { UsageError } from '../errors.js'
import { type InvalidKind } from './kinds/kind.js'
import { SCHEMA_KINDS } from './kinds/schema-kinds.js'
import { STRUCTURE_KINDS } from './kinds/structure-kinds.js'
import { TEXT_KINDS } from './kinds/text-kinds.js'

/** Every way to be wrong that the generator knows. */
export const INVALID_KINDS: readonly InvalidKind[] = [...TEXT_KINDS, ...STRUCTURE_KINDS, ...SCHEMA_KINDS]

/** The kinds of these names; without names all that fit the target and are not large. */
export function chooseKinds (names: readonly string[] | undefined, target: 'file' | 'kafka'): readonly InvalidKind[] {
  if (names === undefined) return INVALID_KINDS.filter(kind => !kind.large && (target === 'kafka' || !kind.directOnly))
  const chosen = names.map(name => INVALID_KINDS.find(kind => kind.name === name))
  const problems = names.flatMap((name, index) => {
    if (chosen[index] === undefined) return [`"${name}" is unknown`]
    return target === 'file' && chosen[index].directOnly ? [`"${name}" can not be written as a line of text`] : []
  })
  if (problems.length > 0) throw new UsageError('These kinds of invalid records can not be made (see --list-kinds):', problems)
  return chosen as InvalidKind[]
}
