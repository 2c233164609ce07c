import { type Type, type types } from 'avsc'
import { type AvroCursor, MalformedAvro } from './cursor.js'

/** Moves the cursor past one value of a type, which it has checked then to its last byte. */
export type Walk = (cursor: AvroCursor) => void

/**
 * Compiles the strict walk over values of a writer's type. Its time is linear in the bytes whatever they claim: an item
 * without bytes is not visited, so that a count alone costs nothing.
 */
export function compileWalk (type: Type, known = new Map<Type, Walk>()): Walk {
  const same = known.get(type)
  if (same !== undefined) return same
  // A type may contain itself: what refers to it meanwhile takes the walk when it is there.
  const compiled = { walk: (_: AvroCursor): void => {} }
  known.set(type, cursor => { compiled.walk(cursor) })
  compiled.walk = compile(type, known)
  known.set(type, compiled.walk)
  return compiled.walk
}

function compile (type: Type, known: Map<Type, Walk>): Walk {
  switch (type.typeName) {
    case 'null': return () => {}
    case 'boolean': return cursor => { cursor.boolean() }
    case 'int': return cursor => { cursor.skipInt() }
    case 'long': return cursor => { cursor.skipLong() }
    case 'float': return cursor => { cursor.skip(4) }
    case 'double': return cursor => { cursor.skip(8) }
    case 'bytes': return cursor => { cursor.skipBytes() }
    case 'string': return cursor => { cursor.skipString() }
    case 'fixed': {
      const { size } = type as types.FixedType
      return cursor => { cursor.skip(size) }
    }
    case 'enum': {
      const { length } = (type as types.EnumType).symbols
      return cursor => { indexBelow(length, cursor) }
    }
    case 'union:unwrapped':
    case 'union:wrapped': {
      const branches = branchesOf(type).map(branch => compileWalk(branch, known))
      return nested(cursor => { branches[indexBelow(branches.length, cursor)]!(cursor) })
    }
    case 'array': {
      const { itemsType } = type as types.ArrayType
      const item = compileWalk(itemsType, known)
      return nested(cursor => { walkBlocks(cursor, item, hasNoBytes(itemsType)) })
    }
    case 'map': {
      const value = compileWalk((type as types.MapType).valuesType as Type, known)
      return nested(cursor => {
        walkBlocks(cursor, cursor => {
          cursor.skipString()
          value(cursor)
        }, false)
      })
    }
    case 'record':
    case 'error': {
      const fields = fieldsOf(type).map(field => compileWalk(field.type, known))
      return nested(cursor => { for (const field of fields) field(cursor) })
    }
    default: throw new TypeError(`no Avro type: ${type.typeName}`)
  }
}

export function branchesOf (union: Type): readonly Type[] {
  return (union as types.UnwrappedUnionType).types
}

export function fieldsOf (record: Type): readonly types.Field[] {
  return (record as types.RecordType).fields
}

/** The place of a symbol or of a branch. */
export function indexBelow (count: number, cursor: AvroCursor): number {
  const index = cursor.long()
  if (index < 0 || index >= count) throw new MalformedAvro('an index is out of its range')
  return index
}

/** Blocks of items, each with its count, up to an empty one. A negative count says that the block's size in bytes follows. */
export function walkBlocks (cursor: AvroCursor, item: Walk, itemsHaveNoBytes: boolean): void {
  for (let count = cursor.long(); count !== 0; count = cursor.long()) {
    const size = count < 0 ? cursor.length() : undefined
    const end = size === undefined ? undefined : cursor.at + size
    if (!itemsHaveNoBytes) {
      const items = Math.abs(count)
      if (items > cursor.left) throw new MalformedAvro('a block has more items than bytes are left of the record')
      for (let index = 0; index < items; index++) item(cursor)
    }
    if (end !== undefined && cursor.at !== end) throw new MalformedAvro('a block is not as long as it says')
  }
}

function nested (walk: Walk): Walk {
  return cursor => {
    if (++cursor.depth > MAX_DEPTH) throw new MalformedAvro(`nested deeper than ${MAX_DEPTH} levels`)
    walk(cursor)
    cursor.depth--
  }
}

/** Such a value says nothing. Any other type takes at least a byte. */
function hasNoBytes (type: Type): boolean {
  switch (type.typeName) {
    case 'null': return true
    case 'fixed': return (type as types.FixedType).size === 0
    // One that contains itself does so in a union or an array, which have bytes.
    case 'record':
    case 'error': return fieldsOf(type).every(field => hasNoBytes(field.type))
    default: return false
  }
}

/** Only types that contain themselves go deeper than they are long. */
const MAX_DEPTH = 100
