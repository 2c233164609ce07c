import { type CallReport } from '../../engine/observer.js'
import { type Series } from './histogram.js'
import { type Instruments } from './instruments.js'

const OUTCOMES = ['done', 'poison', 'transient', 'environment'] as const

/**
 * What the calls of one stage and key come to. Counters are told at a scrape, and not at every call: to find those of
 * a set of labels costs more than all else about a call.
 */
export class CallTally {
  readonly #instruments: Instruments
  readonly #labels: { readonly stage: string, readonly key: string }
  readonly #seconds: Series
  readonly #records: Series
  readonly #flushes = { records: 0, bytes: 0, linger: 0, probe: 0 }
  readonly #outcomes = { done: 0, poison: 0, transient: 0, environment: 0 }
  #bytes = 0
  #resent = 0

  constructor (instruments: Instruments, stage: string, key: string) {
    this.#instruments = instruments
    this.#labels = { stage, key }
    this.#seconds = instruments.callDuration.series(this.#labels)
    this.#records = instruments.callRecords.series(this.#labels)
  }

  add (report: CallReport): void {
    this.#seconds.observe(report.durationMs / 1000)
    this.#records.observe(report.records)
    this.#flushes[report.cause]++
    for (const outcome of OUTCOMES) this.#outcomes[outcome] += report[outcome]
    this.#bytes += report.bytes
    this.#resent += report.resent
  }

  /** Passes on what was counted since the last time. */
  tell (): void {
    const { callBytes, flushes, outcomes, resent } = this.#instruments
    callBytes.inc(this.#labels, this.#bytes)
    this.#bytes = 0
    if (this.#resent > 0) resent.inc(this.#labels, this.#resent)
    this.#resent = 0
    tellAll(this.#flushes, (cause, calls) => { flushes.inc({ ...this.#labels, cause }, calls) })
    tellAll(this.#outcomes, (outcome, records) => { outcomes.inc({ ...this.#labels, outcome }, records) })
  }
}

function tellAll<Name extends string> (counts: Record<Name, number>, tell: (name: Name, count: number) => void): void {
  for (const name in counts) {
    if (counts[name] > 0) tell(name, counts[name])
    counts[name] = 0
  }
}
