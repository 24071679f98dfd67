/** How a file stores a column: the width of its values, which may be narrower or wider than what they come as. */
import { type Column, type ColumnType, decimalType, isBigDecimal, narrowed } from '../../domain/column-types.ts'
import { type BigDecimalColumn, type ColumnData, type Int64Column, longBounds } from '../../domain/columns.ts'
import { fitsDigits, LONG_DIGITS } from '../../domain/decimal.ts'

/** Widens a column that was made with a narrower type than the table's. */
function widened(type: ColumnType, data: ColumnData): ColumnData {
  const { kind } = data
  if (type === 'long' && kind === 'int32')
    return { ...data, kind: 'int64', values: BigInt64Array.from(data.values, BigInt) }
  if (type === 'double' && kind === 'float32')
    return { ...data, kind: 'float64', values: Float64Array.from(data.values) }
  return data
}

/**
 * The column's values in the layout that the file gives them, and the type that this is: as wide as the table's, but a narrow column has
 * 18 digits where all values fit, and readers widen it (spec, "Schema Evolution"; docs/adr/0015-wide-decimals.md).
 * @throws RangeError where the type does not hold a value
 */
export function asStored(column: Column, given: ColumnData): { type: ColumnType; data: ColumnData } {
  const { name, type, narrow } = column
  const data = widened(type, given)
  const decimal = decimalType(type)
  if (!decimal || (data.kind !== 'int64' && data.kind !== 'bigdecimal')) return { type, data }
  const { min, max } = decimalBounds(data)
  const fits = (digits: number) => fitsDigits(min, digits) && fitsDigits(max, digits)
  if (!fits(decimal.precision)) throw new RangeError(`A value of column ${name} has more digits than ${type}`)
  if (!isBigDecimal(type) || (narrow && fits(LONG_DIGITS)))
    return {
      type: isBigDecimal(type) ? narrowed(type) : type,
      data: data.kind === 'int64' ? data : { ...data, kind: 'int64', values: BigInt64Array.from(data.values) },
    }
  return { type, data: data.kind === 'int64' ? { ...data, kind: 'bigdecimal', values: [...data.values] } : data }
}

function decimalBounds({ values }: Int64Column | BigDecimalColumn): { min: bigint; max: bigint } {
  if (values instanceof BigInt64Array) return longBounds(values) ?? { min: 0n, max: 0n }
  let [min, max] = [0n, 0n]
  for (const value of values) {
    if (value < min) min = value
    if (value > max) max = value
  }
  return { min, max }
}
