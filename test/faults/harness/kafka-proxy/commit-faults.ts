import { type OffsetCommitRequest } from './offset-commit.js'

/** What happens to a commit on its way. `refuse` and `drop-request`: it is not done. `lie` and `drop-answer`: it is done. */
export type CommitFault =
  /** The broker refuses it, and the answer carries this error code. */
  | { readonly kind: 'refuse', readonly code: number }
  /** The broker does it, and the answer carries this error code all the same. */
  | { readonly kind: 'lie', readonly code: number }
  /** The connection breaks before the request has left. */
  | { readonly kind: 'drop-request' }
  /** The connection breaks once it is done, before the answer. */
  | { readonly kind: 'drop-answer' }

export interface SeenCommit extends OffsetCommitRequest {
  /** ms since 1970 */
  readonly at: number
  readonly fault: CommitFault | undefined
  /** Of each partition, as the broker gave them; `undefined` until its answer is there. */
  errorCodes: readonly number[] | undefined
}

/** The faults that are still to come, one a commit, and what was done so far. */
export class CommitFaults {
  readonly commits: SeenCommit[] = []
  #armed: CommitFault[] = []

  /** The next `times` commits meet it, after those that were armed before. */
  arm (fault: CommitFault, times = 1): void {
    for (let i = 0; i < times; i++) this.#armed.push(fault)
  }

  disarm (): void {
    this.#armed = []
  }

  get left (): number {
    return this.#armed.length
  }

  /** Commits that met a fault. */
  get hits (): number {
    return this.commits.filter(({ fault }) => fault !== undefined).length
  }

  /** A commit is on its way: its record, with the fault that it meets. */
  meet (request: OffsetCommitRequest): SeenCommit {
    const seen: SeenCommit = { ...request, at: Date.now(), fault: this.#armed.shift(), errorCodes: undefined }
    this.commits.push(seen)
    return seen
  }
}
