import { format } from './render.js'
import { type BenchResult } from './report.js'

export type Results = ReadonlyMap<string, BenchResult>

/** What one cell of the summary needs; `undefined` while it was not measured. */
type Measure = (results: Results) => string | undefined

const EVENTS = 'events-plain-0ms'
const SLOW_SINKS = 'events-plain-10ms'
const TLS = 'events-tls-0ms'
const LATENCY = 'latency-plain-0ms'
const LOAD_TEST = 'load-test-plain-0ms'

const ROWS: ReadonlyArray<readonly [what: string, measure: Measure]> = [
  ['events/s, one process', figure(EVENTS, 'events/s')],
  ['CPU an event, all threads', figure(EVENTS, 'CPU µs/event', ' µs')],
  ['of which the main thread', figure(EVENTS, 'main thread µs/event', ' µs')],
  ['CPU an event through the AWS SDK (`AWS_TRANSPORT=sdk`)', figure(EVENTS, 'CPU µs/event', ' µs', 'sdk')],
  ['CPU an event with TLS', figure(TLS, 'CPU µs/event', ' µs')],
  ['memory (RSS), most', figure(EVENTS, 'RSS peak MB', ' MB')],
  ['rows a BatchWriteItem, messages a SendMessageBatch', fills],
  ['events/s while each call takes 10 ms', figure(SLOW_SINKS, 'events/s')],
  ['that against one call a record: 1, 12, 100 workers', againstNaive],
  ['2,000,000 records, from the start of the process', figure(LOAD_TEST, 'seconds, from start to last message', ' s')],
  ['added latency at 1 to 3,000 events/s, 99 % within', worstLatency]
]

/** The figures that a reader asks for first, with where they come from. */
export function summarize (results: Results): string {
  const rows = ROWS.map(([what, measure]) => [what, measure(results)] as const).filter(([, value]) => value !== undefined)
  const sources = [EVENTS, TLS, SLOW_SINKS, LOAD_TEST, LATENCY].flatMap(name => results.get(name) ?? [])
  const commits = [...new Set(sources.map(({ commit }) => commit))].join(', ')
  const dates = [...new Set(sources.map(({ date }) => date.slice(0, 10)))].join(', ')
  const machine = sources[0]?.machine
  const loads = sources.map(({ machine }) => machine.load)
  return [
    '| | |', '| --- | ---: |',
    ...rows.map(([what, value]) => `| ${what} | ${value ?? ''} |`),
    '',
    `Medians; ${dates}, commit ${commits}, ${machine?.cores} cores (${machine?.cpu}), Node ${machine?.node}; Kafka, the service and the endpoint share them. The load was ${format(Math.min(...loads))} to ${format(Math.max(...loads))}, with what else there was to do.`
  ].join('\n')
}

function figure (name: string, figure: string, unit = '', variant = 'tuned'): Measure {
  return results => {
    const value = valueOf(results, name, variant, figure)
    return value === undefined ? undefined : `${format(value)}${unit}`
  }
}

function valueOf (results: Results, name: string, variant: string, figure: string): number | undefined {
  return results.get(name)?.variants[variant]?.median[figure]
}

function fills (results: Results): string | undefined {
  const [rows, messages] = ['rows per write', 'messages per send'].map(figure => valueOf(results, EVENTS, 'tuned', figure))
  return rows === undefined || messages === undefined ? undefined : `${rows.toFixed(1)} of 25, ${messages.toFixed(1)} of 10`
}

function againstNaive (results: Results): string | undefined {
  const tuned = valueOf(results, SLOW_SINKS, 'tuned', 'events/s')
  const naive = ['naive-1', 'naive-12', 'naive-100'].map(variant => valueOf(results, SLOW_SINKS, variant, 'events/s'))
  if (tuned === undefined || naive.every(value => value === undefined)) return undefined
  return naive.map(value => value === undefined ? '–' : `${Math.round(tuned / value)} ×`).join(', ')
}

function worstLatency (results: Results): string | undefined {
  const median = results.get(LATENCY)?.variants['tuned']?.median ?? {}
  const latencies = Object.entries(median).filter(([name]) => name.startsWith('p99 ms at')).map(([, value]) => value)
  return latencies.length === 0 ? undefined : `${format(Math.max(...latencies))} ms`
}
