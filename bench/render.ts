import { type BenchResult, type Figures, type VariantResult, valuesOf } from './report.js'

/** Of cells; the first row is the head. */
export type Table = ReadonlyArray<readonly string[]>

/** For the terminal. `earlier`: the ratio to its medians stands beside each figure. */
export function renderText (result: BenchResult, earlier?: BenchResult): string {
  const table = tableOf(result, earlier)
  const widths = table[0]?.map((_, column) => Math.max(...table.map(row => row[column]?.length ?? 0))) ?? []
  const lines = table.map(row => row.map((cell, column) => column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0)).join('   '))
  return [...headOf(result), ...(earlier === undefined ? [] : [`× : against ${earlier.command}, ${earlier.date}, commit ${earlier.commit}`]), '', ...lines, ...result.notes.map(note => `\n${note}`)].join('\n')
}

/** For a document. */
export function renderMarkdown (result: BenchResult): string {
  const [head = [], ...rows] = tableOf(result)
  const lines = [head, head.map((_, column) => column === 0 ? '---' : '---:'), ...rows].map(row => `| ${row.join(' | ')} |`)
  return [...headOf(result).slice(0, 1), '', ...headOf(result).slice(1), '', ...lines, ...result.notes.flatMap(note => ['', note])].join('\n')
}

/** The fewer are the columns: variants, or figures. */
export function tableOf ({ variants }: BenchResult, earlier?: BenchResult): Table {
  const names = [...new Set(Object.values(variants).flatMap(({ median }) => Object.keys(median)))]
  const cell = (variant: string, name: string) => cellOf(variants[variant], name, earlier?.variants[variant]?.median)
  const variantNames = Object.keys(variants)
  return variantNames.length > names.length
    ? [['', ...names], ...variantNames.map(variant => [variant, ...names.map(name => cell(variant, name))])]
    : [['', ...variantNames], ...names.map(name => [name, ...variantNames.map(variant => cell(variant, name))])]
}

export function format (value: number): string {
  if (!Number.isFinite(value)) return '–'
  const size = Math.abs(value)
  if (size >= 1000) return Math.round(value).toLocaleString('en')
  return value.toFixed(size >= 100 || value === 0 ? 0 : size >= 1 ? 1 : 2)
}

function headOf ({ scope, setting, machine, date, commit, command, variants }: BenchResult): string[] {
  const runs = Math.max(0, ...Object.values(variants).map(({ runs }) => runs.length))
  return [
    `${scope}${setting === undefined ? '' : `, ${setting}`}: median of ${runs}${runs > 1 ? ' (lowest – highest)' : ''}`,
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, Linux ${machine.kernel}, Node ${machine.node}, load ${machine.load.toFixed(1)}, ${date.slice(0, 16)}Z, commit ${commit}`,
    `\`${command}\``
  ]
}

function cellOf (variant: VariantResult | undefined, name: string, earlier: Figures | undefined): string {
  const value = variant?.median[name]
  if (variant === undefined || value === undefined) return ''
  const values = valuesOf(variant.runs, name)
  const spread = values.length > 1 ? ` (${format(Math.min(...values))} – ${format(Math.max(...values))})` : ''
  const before = earlier?.[name]
  return `${format(value)}${spread}${before === undefined || before === 0 ? '' : ` ×${(value / before).toFixed(2)}`}`
}
