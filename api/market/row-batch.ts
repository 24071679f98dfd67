/** Rows of an answer as columns in memory, for the formats that are columns. */
import type { Column, ColumnType } from '../../domain/column-types.ts'
import { type Batch, bytesOf, type ColumnData, dictionaryOf } from '../../domain/columns.ts'
import type { ColumnShape, Numbers, RowColumn } from './formats.ts'

/** Digits of every decimal: the most that 128 bits hold. */
export const DECIMAL_DIGITS = 38
const LEAST_LONG = -(2n ** 63n)
const MOST_LONG = 2n ** 63n - 1n

/** The columns as those of a table; each may be null. */
export function tableColumns(columns: readonly ColumnShape[], numbers: Numbers): Column[] {
  return columns.map((column, at) => ({
    ...{ id: at + 1, name: column.name, required: false, doc: column.doc },
    type: typeOf(column, numbers),
  }))
}

function typeOf({ type, scale = 0 }: ColumnShape, numbers: Numbers): ColumnType {
  if (type === 'time') return 'timestamptz'
  if (type === 'count') return 'long'
  if (type === 'text') return 'string'
  return numbers === 'float' ? 'double' : `decimal(${DECIMAL_DIGITS},${scale})`
}

/** Texts that differ in most rows are bytes, others a dictionary. */
export function batchOf<Row>(columns: readonly RowColumn<Row>[], rows: readonly Row[], numbers: Numbers): Batch {
  return {
    rows: rows.length,
    columns: Object.fromEntries(columns.map(column => [column.name, dataOf(column, rows, numbers)])),
  }
}

function dataOf<Row>(column: RowColumn<Row>, rows: readonly Row[], numbers: Numbers): ColumnData {
  const { type, scale = 0, value } = column
  if (type === 'text') {
    const texts = rows.map(row => (value(row) as string | undefined) ?? null)
    return column.isUnique
      ? bytesOf(texts.map(text => (text === null ? null : Buffer.from(text))))
      : dictionaryOf(texts)
  }
  const units = rows.map(row => value(row) as bigint | undefined)
  const valid = Uint8Array.from(units, each => (each === undefined ? 0 : 1))
  if (type === 'decimal' && numbers === 'float') {
    const values = Float64Array.from(units, each => (each === undefined ? 0 : toFloat(each, scale)))
    return { kind: 'float64', values, valid }
  }
  const filled = units.map(each => each ?? 0n)
  if (type === 'decimal' && filled.some(each => each < LEAST_LONG || each > MOST_LONG))
    return { kind: 'bigdecimal', values: filled, valid }
  return { kind: 'int64', values: BigInt64Array.from(filled), valid }
}

/** The nearest float of units of 10^-scale; dividing two floats could miss it. */
function toFloat(units: bigint, scale: number): number {
  return Number(`${units}e-${scale}`)
}
