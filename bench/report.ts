import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'

/** Figures of one run, by name; the unit is part of the name. */
export type Figures = Readonly<Record<string, number>>

export interface BenchResult {
  readonly scope: string
  readonly command: string
  readonly date: string
  /** With `-dirty` when the tree had changes. */
  readonly commit: string
  readonly machine: { readonly cpu: string, readonly cores: number, readonly memoryGiB: number, readonly kernel: string, readonly node: string }
  readonly runs: readonly Figures[]
  readonly median: Figures
  /** The same work with nothing done. */
  readonly baseline?: Figures
  readonly notes: readonly string[]
}

export function createResult (scope: string, runs: readonly Figures[], extra: { baseline?: Figures, notes?: readonly string[] } = {}): BenchResult {
  const [cpu] = cpus()
  return {
    scope,
    command: `npm run bench -- ${process.argv.slice(2).join(' ')}`,
    date: new Date().toISOString(),
    commit: commit(),
    machine: {
      cpu: cpu?.model ?? 'unknown',
      cores: cpus().length,
      memoryGiB: Math.round(totalmem() / 2 ** 30),
      kernel: release(),
      node: process.version
    },
    runs,
    median: medians(runs),
    ...(extra.baseline === undefined ? {} : { baseline: extra.baseline }),
    notes: extra.notes ?? []
  }
}

export function readResult (path: string): BenchResult {
  return JSON.parse(readFileSync(path, 'utf8')) as BenchResult
}

/** For people: a line a figure, with its spread, and with its change when there is an earlier result. */
export function renderResult (result: BenchResult, earlier?: BenchResult): string {
  const { machine, runs, median, baseline } = result
  const lines = Object.entries(median).map(([name, value]) => {
    const values = runs.map(run => run[name]).filter(value => value !== undefined)
    const spread = runs.length > 1 ? `${format(Math.min(...values))} – ${format(Math.max(...values))}` : ''
    const before = earlier?.median[name]
    const change = before === undefined || before === 0 ? '' : `${value >= before ? '+' : ''}${((value / before - 1) * 100).toFixed(1)} %`
    return [name.padEnd(32), format(value).padStart(10), spread.padStart(20), change.padStart(10)].join(' ').trimEnd()
  })
  return [
    `${result.scope}: median of ${runs.length}`,
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, Linux ${machine.kernel}, Node ${machine.node}`,
    `${result.date}, commit ${result.commit}, ${result.command}`,
    '',
    ...lines,
    ...(baseline === undefined ? [] : ['', 'doing nothing with the records:', ...Object.entries(baseline).map(([name, value]) => `${name.padEnd(32)} ${format(value).padStart(10)}`)]),
    ...(result.notes.length === 0 ? [] : ['', ...result.notes])
  ].join('\n')
}

function medians (runs: readonly Figures[]): Figures {
  const names = new Set(runs.flatMap(run => Object.keys(run)))
  return Object.fromEntries([...names].map(name => {
    const values = runs.map(run => run[name]).filter(value => value !== undefined).sort((a, b) => a - b)
    return [name, values[values.length >> 1] ?? 0]
  }))
}

function format (value: number): string {
  return value >= 1000 ? Math.round(value).toLocaleString('en') : value.toFixed(value >= 100 ? 0 : 1)
}

function commit (): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return 'unknown'
  }
}
