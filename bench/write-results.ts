import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { renderMarkdown } from './render.js'
import { type BenchResult, readResult } from './report.js'
import { summarize } from './summary.js'

const SUMMARY = 'summary'

/**
 * Keeps a result in `bench/results/`, for `--compare` and for the next summary, puts its table into `bench/RESULTS.md`,
 * and the summary of all results into README.md. Between `<!-- bench:… -->` and `<!-- /bench -->` everything is
 * replaced, and nothing else is touched: a section that is not there yet goes to the end of RESULTS.md; a README without
 * the mark stays as it is. Returns the files that were written.
 */
export function writeResult (result: BenchResult, project: string): string[] {
  const folder = join(project, 'bench', 'results')
  const name = nameOf(result)
  const file = join(folder, `${name}.json`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`)
  const results = new Map(readdirSync(folder).filter(file => file.endsWith('.json')).map(file => [file.slice(0, -'.json'.length), readResult(join(folder, file))]))

  const report = join(project, 'bench', 'RESULTS.md')
  const section = renderMarkdown(result)
  const before = existsSync(report) ? readFileSync(report, 'utf8') : ''
  writeFileSync(report, replaceSection(before, name, section) ?? `${before}${before === '' ? '' : '\n'}${sectionOf(name, section)}\n`)

  const readme = join(project, 'README.md')
  const withSummary = replaceSection(readFileSync(readme, 'utf8'), SUMMARY, summarize(results))
  if (withSummary !== undefined) writeFileSync(readme, withSummary)
  return [file, report, ...withSummary === undefined ? [] : [readme]]
}

/** Of a result's section and file. */
export function nameOf ({ scope, setting }: BenchResult): string {
  return setting === undefined ? scope : `${scope}-${setting}`
}

/** `undefined`: the text has no such section. */
function replaceSection (text: string, name: string, content: string): string | undefined {
  const start = text.indexOf(opening(name))
  const end = text.indexOf(CLOSING, start)
  return start === -1 || end === -1 ? undefined : text.slice(0, start) + sectionOf(name, content) + text.slice(end + CLOSING.length)
}

const CLOSING = '<!-- /bench -->'

function opening (name: string): string {
  return `<!-- bench:${name} -->`
}

function sectionOf (name: string, content: string): string {
  return `${opening(name)}\n${content}\n${CLOSING}`
}
