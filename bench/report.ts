import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem } from 'node:os'
import { type Measurement } from './scope.js'

/** Figures of one run, by name; the unit is part of the name. */
export type Figures = Readonly<Record<string, number>>

/** A measurement with everything that is needed to repeat it. */
export interface BenchResult {
  readonly scope: string
  readonly setting?: string
  readonly command: string
  readonly date: string
  /** With `-dirty` when the tree had changes. */
  readonly commit: string
  readonly machine: Machine
  readonly variants: Readonly<Record<string, VariantResult>>
  readonly notes: readonly string[]
}

export interface VariantResult {
  readonly runs: readonly Figures[]
  readonly median: Figures
}

interface Machine {
  readonly cpu: string
  readonly cores: number
  readonly memoryGiB: number
  readonly kernel: string
  readonly node: string
  /** Of the last minute, at the end: what the benchmark needs itself, and what else there was. */
  readonly load: number
}

export function createResult (scope: string, { variants, setting, notes }: Measurement): BenchResult {
  return {
    scope,
    ...(setting === undefined ? {} : { setting }),
    command: `npm run bench -- ${process.argv.slice(2).join(' ')}`,
    date: new Date().toISOString(),
    commit: commit(),
    machine: machine(),
    variants: Object.fromEntries(Object.entries(variants).map(([name, runs]) => [name, { runs, median: medians(runs) }])),
    notes: notes ?? []
  }
}

export function readResult (path: string): BenchResult {
  const result = JSON.parse(readFileSync(path, 'utf8')) as Partial<BenchResult>
  if (result.variants === undefined) throw new Error(`${path} is no result of this benchmark, or one of an earlier form`)
  return result as BenchResult
}

/** Of each figure by itself: the median of an even number of runs is the upper of the two in the middle. */
export function medians (runs: readonly Figures[]): Figures {
  const names = new Set(runs.flatMap(run => Object.keys(run)))
  return Object.fromEntries([...names].map(name => {
    const values = valuesOf(runs, name).sort((a, b) => a - b)
    return [name, values[values.length >> 1] ?? NaN]
  }))
}

export function valuesOf (runs: readonly Figures[], name: string): number[] {
  return runs.map(run => run[name]).filter(value => value !== undefined)
}

function machine (): Machine {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    load: loadavg()[0] ?? NaN
  }
}

function commit (): string {
  try {
    return execFileSync('git', ['describe', '--always', '--dirty'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  } catch {
    return 'unknown'
  }
}
