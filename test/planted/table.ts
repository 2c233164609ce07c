import { formatTable } from '../../src/cli/format-table.js'
import { type Bug, type NamedTest } from './bug.js'

/** A test that was to find a bug, and whether it did. */
export interface Catch {
  readonly bug: Bug
  readonly test: NamedTest
  readonly caught: boolean
  readonly ms: number
}

/** Which bug was caught by what, a line each. */
export function renderTable (catches: readonly Catch[]): string[] {
  const sorted = [...catches].sort((a, b) => a.bug.name.localeCompare(b.bug.name))
  const rows = sorted.map(({ bug, test, caught, ms }, index) => {
    const isFirst = sorted[index - 1]?.bug !== bug
    return [...isFirst ? [bug.name, bug.promise] : ['', ''], (ms / 1000).toFixed(1), `${caught ? '' : 'NOT by '}${nameOf(test)}`]
  })
  return formatTable([['bug', 'promise', 'seconds', 'caught by'], ...rows]).trimEnd().split('\n')
}

function nameOf ({ file, title }: NamedTest): string {
  return `${file.replace(/^test\//, '').replace(/\.test\.ts$/, '')}: ${title}`
}
