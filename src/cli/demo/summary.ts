import { type LatencySummary } from '../../proof/latency.js'
import { type Proof } from '../../proof/prove-events.js'
import { renderDifferences } from '../../proof/proof-rows.js'
import { proofRows } from '../../proof/render-proof.js'
import { formatTable } from '../format-table.js'
import { TRICKLE } from './feed.js'

export interface Speed {
  readonly records: number
  /** From the first record sent to the last one settled. */
  readonly elapsedMs: number
  readonly backlog: LatencySummary | undefined
  readonly trickle: LatencySummary | undefined
}

/** What was proved, how fast it was, and the verdict. */
export function renderSummary (proof: Proof, speed: Speed): string {
  const verdict = proof.agrees
    ? 'Everything agrees.'
    : `It does not agree:\n${renderDifferences(proof.differences)}`
  return [
    'Proof: each store read to its end and compared with the producer\'s ledger, by uid and sha256\n',
    formatTable(proofRows(proof).map(row => ['', ...row])),
    '\nSpeed, with everything on this machine\n',
    formatTable(speedRows(speed).map(row => ['', ...row])),
    `\n${verdict.trimEnd()}\n`
  ].join('')
}

function speedRows ({ records, elapsedMs, backlog, trickle }: Speed): string[][] {
  return [
    ['throughput', `${Math.round(records * 1_000 / Math.max(1, elapsedMs))} events/s`, `${records} in ${(elapsedMs / 1_000).toFixed(1)} s, from the first one sent to the last one settled`],
    ...latencyRow('latency, trickle', trickle, `record's time in Kafka to its message's in the queue, at ${TRICKLE.perSecond} events/s`),
    ...latencyRow('latency, backlog', backlog, 'the same while the backlog was worked off: mostly waiting in line')
  ]
}

function latencyRow (name: string, latency: LatencySummary | undefined, what: string): string[][] {
  return latency === undefined ? [] : [[name, `p50 ${formatMs(latency.p50Ms)}, p99 ${formatMs(latency.p99Ms)}`, what]]
}

function formatMs (ms: number): string {
  return ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`
}
