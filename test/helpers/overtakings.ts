import { type Report } from '../../bench/recording-endpoint/report.js'

export interface Overtakings {
  /** Messages that were accepted before an earlier one of their group. */
  readonly overtakers: number
  /** Before how many a message came too late, at most. */
  readonly furthest: number
}

/** What the queues of clients saw of the order of records; of groups that hold one partition each. */
export function overtakings ({ groups = {}, rows = {} }: Pick<Report, 'groups' | 'rows'>): Overtakings {
  let overtakers = 0
  let furthest = 0
  for (const uids of Object.values(groups).flatMap(queue => Object.values(queue))) {
    const offsets = uids.map(uid => rows[uid]?.offset ?? NaN)
    offsets.forEach((offset, place) => {
      if (offsets.slice(place + 1).some(later => later < offset)) overtakers++
      furthest = Math.max(furthest, offsets.slice(0, place).filter(before => before > offset).length)
    })
  }
  return { overtakers, furthest }
}
