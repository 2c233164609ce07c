import { type Differences } from './differences.js'

export interface PartitionEnd {
  readonly partition: number
  readonly low: number
  readonly end: number
  /** `undefined`: the group has committed none, which is right for a partition that nothing was ever written to. */
  readonly committed: number | undefined
}

export interface OffsetReport {
  readonly partitions: number
  readonly atEnd: number
}

/** The group has committed exactly the end of every partition. */
export function checkOffsets (ends: readonly PartitionEnd[], differences: Differences): OffsetReport {
  let atEnd = 0
  for (const { partition, low, end, committed } of ends) {
    if (committed === end || (committed === undefined && low === end)) atEnd++
    else differences.add('offset-behind', `partition ${partition}: committed ${committed ?? 'nothing'}, end ${end}`)
  }
  return { partitions: ends.length, atEnd }
}
