import { Metrics } from './metrics.js'

/** The table of docs/metrics.md, without the text around it. */
export function renderMetricsTable (): string {
  return [
    '| metric | type | labels | meaning |',
    '|---|---|---|---|',
    ...new Metrics().definitions.map(({ name, type, labels, help }) =>
      `| \`${name}\` | ${type} | ${labels.length === 0 ? '–' : labels.map(label => `\`${label}\``).join(' ')} | ${help} |`)
  ].join('\n')
}
