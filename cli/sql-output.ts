/** A query's answer on standard output, as people and programs read it. Each function says whether it had nothing to show. */
import { once } from 'node:events'
import type { Answer } from '../adapters/duckdb-reader.ts'
import type { SqlValue } from '../domain/ports.ts'
import { cellJson } from '../domain/sql.ts'
import { csvField } from '../figures/csv.ts'
import { formatCount, formatTable } from './format.ts'

/** A table for people: the first rows, and how many more there are. Control characters are shown, never sent to the terminal. */
export async function writeTable({ columns, rows }: Answer, limit: number): Promise<boolean> {
  const shown: string[][] = []
  let count = 0
  let hasValue = false
  for await (const some of rows)
    for (const cells of some) {
      count++
      hasValue ||= hasContent(cells)
      if (shown.length < limit) shown.push(cells.map(cell => printable(cell === null ? '' : textOf(cell))))
    }
  if (count === 0) console.log('(no rows)')
  else {
    const more = count - shown.length
    const total = `(${formatCount(count)} row${count === 1 ? '' : 's'})`
    const names = columns.map(({ name }) => printable(name))
    console.log(`${formatTable(names, shown)}\n${more > 0 ? `… ${formatCount(more)} more\n` : ''}${total}`)
  }
  return !hasValue
}

/** RFC 4180, with a header and line feeds; null is nothing, an empty text is `""`, what is nested is JSON. */
export async function writeCsv({ columns, rows }: Answer): Promise<boolean> {
  await write(`${columns.map(({ name }) => csvField(name)).join(',')}\n`)
  let hasValue = false
  for await (const some of rows) {
    hasValue ||= some.some(hasContent)
    await write(some.map(cells => `${cells.map(csvCell).join(',')}\n`).join(''))
  }
  return !hasValue
}

/** An array of row objects. */
export async function writeJson({ columns, rows }: Answer): Promise<boolean> {
  const names = columns.map(({ name }) => JSON.stringify(name))
  let before = '['
  let hasValue = false
  for await (const some of rows)
    for (const cells of some) {
      hasValue ||= hasContent(cells)
      const fields = cells.map((cell, index) => `${names[index]}:${cellJson(columns[index], cell)}`)
      await write(`${before}{${fields.join(',')}}`)
      before = ',\n'
    }
  await write(before === '[' ? '[]\n' : ']\n')
  return !hasValue
}

/** Writes; if the reader is slower than the query, the query waits. */
async function write(text: string): Promise<void> {
  if (!process.stdout.write(text)) await once(process.stdout, 'drain')
}

/** Whether a row says anything: counts of 0 and nulls are what a filter that matches nothing gives. */
function hasContent(cells: readonly SqlValue[]): boolean {
  return cells.some(cell => cell !== null && cell !== 0 && cell !== 0n)
}

function textOf(value: Exclude<SqlValue, null>): string {
  return value instanceof Uint8Array ? `\\x${Buffer.from(value).toString('hex')}` : String(value)
}

/** Text without control characters, which could move the cursor or change the terminal: `\x1b` is shown as such. */
function printable(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, control => `\\x${control.charCodeAt(0).toString(16).padStart(2, '0')}`)
}

function csvCell(value: SqlValue): string {
  if (value === null) return ''
  return typeof value === 'string' ? csvField(value) : textOf(value)
}
