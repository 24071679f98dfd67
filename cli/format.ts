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

/** The same, without the columns that are `spare` where it is wider than so many columns of a terminal. */
export function fittingTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  spare: readonly string[],
  width: number,
): string {
  const whole = formatTable(header, rows)
  // The rule below the titles has no spaces at its end.
  if (whole.split('\n')[1].length <= width) return whole
  const keptOf = (cells: readonly string[]) => cells.filter((_, at) => !spare.includes(header[at]))
  return formatTable(keptOf(header), rows.map(keptOf))
}

/** `1,234,567`. */
export { grouped as formatCount } from '../figures/pipeline.ts'
