/** Left-aligned columns, two blanks apart; the last one is not padded. */
export function formatTable (rows: ReadonlyArray<readonly string[]>): string {
  const widths: number[] = []
  for (const row of rows) {
    row.forEach((cell, column) => { widths[column] = Math.max(widths[column] ?? 0, cell.length) })
  }
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)).join('  ').trimEnd()
  return rows.map(row => `${line(row)}\n`).join('')
}
