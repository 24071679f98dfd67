/** Text for people: tables, counts, sizes. */

/** A table with a header line; columns that hold only numbers are aligned to the right. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  // Without spreading: a call takes some 100,000 arguments at most.
  const widths = header.map((name, i) => rows.reduce((width, row) => Math.max(width, row[i].length), name.length))
  const numeric = header.map((_, i) => rows.length > 0 && rows.every(row => /^-?[\d,.]*( [A-Za-z]+)?$/.test(row[i])))
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (numeric[i] ? cell.padStart(widths[i]) : cell.padEnd(widths[i])))
      .join('  ')
      .trimEnd()
  return [line(header), widths.map(width => '─'.repeat(width)).join('  '), ...rows.map(line)].join('\n')
}

/** `1,234,567`. */
export { grouped as formatCount } from '../figures/pipeline.ts'
