import { type CommittableOffset } from '../../src/engine/intake.js'
import { type Epoch } from './deliveries.js'
import { type Findings } from './findings.js'
import { nameOf, partsOf, type PartitionLog } from './log.js'

/** A commit on its way: its offsets, and the epochs they are of. */
export interface CommitRequest {
  readonly offsets: readonly CommittableOffset[]
  readonly epochs: readonly Epoch[]
}

/** The group's committed offsets, and what must hold of every commit. */
export class Broker {
  readonly #findings: Findings
  readonly #log: readonly PartitionLog[]
  readonly committed: number[]
  /** Requests without an answer, oldest first. */
  pending: CommitRequest[] = []
  /** Applied, and their answers are still under way. */
  late: CommitRequest[] = []
  /** The committer may still wait for an answer that does not come, up to this time. */
  silentUntil = -Infinity
  /** The group has thrown this member out; the process does not know it yet. */
  expelled = false

  constructor (findings: Findings, log: readonly PartitionLog[]) {
    this.#findings = findings
    this.#log = log
    this.committed = log.map(() => 0)
  }

  /** A process asks for a commit. It must be safe by the model's own books at this moment. */
  requested (offsets: readonly CommittableOffset[], epochs: ReadonlyMap<number, Epoch>): void {
    this.#findings.note(() => `    commit of ${offsets.map(({ partition, offset }) => `${partition}:${offset}`).join(' ')} requested`)
    const own: Epoch[] = []
    for (const { partition, offset } of offsets) {
      const epoch = epochs.get(partition)
      if (epoch === undefined || epoch.state === 'closed') this.#findings.violate(`a commit of partition ${partition}, which is not assigned`)
      else if (epoch.lost) this.#findings.violate(`a commit of partition ${partition}, which was lost`)
      else if (offset > epoch.lowestUnsettled) this.#findings.violate(`a commit of partition ${partition} at ${offset}, and ${epoch.lowestUnsettled} is not settled in this epoch`)
      else if (offset < epoch.lastCommit) this.#findings.violate(`the commits of partition ${partition} went back from ${epoch.lastCommit} to ${offset}`)
      if (epoch === undefined) continue
      epoch.lastCommit = offset
      own.push(epoch)
    }
    this.pending.push({ offsets, epochs: own })
  }

  /** The group has fenced off requests of an older generation. */
  fences ({ epochs }: CommitRequest): boolean {
    return this.expelled || epochs.some(epoch => epoch.state === 'closed')
  }

  apply ({ offsets }: CommitRequest): void {
    for (const { partition, offset } of offsets) this.advance(partition, offset)
  }

  /** Whatever the commit passes must have an end that outlives every process. */
  advance (partition: number, offset: number): void {
    const before = this.committed[partition] ?? 0
    if (offset < before) this.#findings.violate(`the committed offset of partition ${partition} went back from ${before} to ${offset}`)
    for (const record of this.#log[partition]?.records.flatMap(partsOf) ?? []) {
      if (record.offset < before || record.offset >= offset) continue
      if (record.sent === 0 && record.dead.length === 0 && record.handedOver === 0) this.#findings.violate(`the commit at ${offset} loses ${nameOf(record)}`)
    }
    this.committed[partition] = offset
  }
}
