import { type Command } from 'commander'
import { type Figures } from './report.js'

/** In a note: what was measured did not do its work. Such a result is printed, fails the command and is never kept. */
export const WRONG = 'WRONG'

/** What every scope takes. */
export interface CommonFlags {
  /** Of each variant; the median is reported. */
  readonly runs: number
}

/** What a scope has measured: the figures of each run, by variant. Variants stand side by side in the report. */
export interface Measurement {
  readonly variants: Readonly<Record<string, readonly Figures[]>>
  /** What distinguishes this from other measurements of the scope, as a part of a file name: `tls-10ms`. */
  readonly setting?: string
  readonly notes?: readonly string[]
}

/**
 * `npm run bench -- <name>`: a file `bench/<name>.ts` that exports `scope`. Importing it does nothing else. One of its
 * variants does nothing, which is the floor for the others.
 */
export interface Scope<Flags extends CommonFlags = CommonFlags> {
  /** For the list of scopes, in a line. */
  readonly summary: string
  /** For the scope's own help. */
  readonly details?: string
  /** Default of `--runs`: 3 */
  readonly runs?: number
  /** Adds what it takes beside the common options. */
  options? (command: Command): void
  measure (flags: Flags, progress: (line: string) => void): Promise<Measurement>
}
