import { type Difference } from '../../proof/differences.js'
import { type LatencySummary } from '../../proof/latency.js'
import { type ProofRow, renderDifferences } from '../../proof/proof-rows.js'
import { formatTable } from '../format-table.js'
import { TRICKLE } from './trickle.js'

export interface ProofSummary {
  readonly agrees: boolean
  readonly rows: readonly ProofRow[]
  readonly differences: readonly Difference[]
  /** By what records were found again. */
  readonly identity: string
}

export interface Speed {
  readonly records: number
  /** What the records are called. */
  readonly unit: string
  /** At which moment the latency ends. */
  readonly arrival: string
  /** From the first record sent to the last one settled. */
  readonly elapsedMs: number
  readonly backlog: LatencySummary | undefined
  readonly trickle: LatencySummary | undefined
}

/** What was proved, how fast it was, and the verdict. */
export function renderSummary (proof: ProofSummary, speed: Speed): string {
  return [
    renderProof(proof, 'each store read to its end and compared with the producer\'s ledger'),
    '\nSpeed, with everything on this machine\n',
    formatTable(speedRows(speed).map(row => ['', ...row])),
    renderVerdict(proof)
  ].join('')
}

/** What was compared, and a line per promise. */
export function renderProof ({ rows, identity }: Pick<ProofSummary, 'rows' | 'identity'>, how: string): string {
  return `Proof: ${how}, by ${identity}\n${formatTable(rows.map(row => ['', ...row]))}`
}

export function renderVerdict ({ agrees, differences }: Pick<ProofSummary, 'agrees' | 'differences'>): string {
  return `\n${(agrees ? 'Everything agrees.' : `It does not agree:\n${renderDifferences(differences)}`).trimEnd()}\n`
}

function speedRows ({ records, unit, arrival, elapsedMs, backlog, trickle }: Speed): string[][] {
  return [
    ['throughput', `${Math.round(records * 1_000 / Math.max(1, elapsedMs))} ${unit}/s`, `${records} in ${(elapsedMs / 1_000).toFixed(1)} s, from the first one sent to the last one settled`],
    ...latencyRow('latency, trickle', trickle, `record's time in Kafka to ${arrival}, at ${TRICKLE.perSecond} ${unit}/s`),
    ...latencyRow('latency, backlog', backlog, 'the same while the backlog was worked off: mostly waiting in line')
  ]
}

function latencyRow (name: string, latency: LatencySummary | undefined, what: string): string[][] {
  return latency === undefined ? [] : [[name, `p50 ${formatMs(latency.p50Ms)}, p99 ${formatMs(latency.p99Ms)}`, what]]
}

function formatMs (ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`
}
