/** Columns of decimals and whole numbers from bigints: in 64 bits where those hold them all. */
import type { BigDecimalColumn, Int64Column } from './columns.ts'

/** Decimals of a type of any width: `wide` has those that 64 bits do not hold, by row. */
export function decimalColumn(
  values: BigInt64Array,
  wide: ReadonlyMap<number, bigint>,
  valid?: Uint8Array,
): Int64Column | BigDecimalColumn {
  if (wide.size === 0) return { kind: 'int64', values, valid }
  return { kind: 'bigdecimal', values: Array.from(values, (value, row) => wide.get(row) ?? value), valid }
}

/** Whole numbers as a column. @throws RangeError where 64 bits do not hold one */
export function longsOf(values: readonly bigint[]): Int64Column {
  const column = decimalsOf(values)
  if (column.kind !== 'int64') throw new RangeError('A whole number of a column takes more than 64 bits')
  return column
}

/** Decimals from their unscaled values. */
export function decimalsOf(values: readonly bigint[]): Int64Column | BigDecimalColumn {
  const long = BigInt64Array.from(values)
  return values.every((value, row) => value === long[row])
    ? { kind: 'int64', values: long }
    : { kind: 'bigdecimal', values }
}
