/** Tables of every type, their rows as plain values, and the same as batches. */
import fc from 'fast-check'
import type { Column, ColumnType } from '../../domain/column-types.ts'
import { type Batch, bytesOf, type ColumnData, type DictionaryColumn, dictionaryOf } from '../../domain/columns.ts'
import { GOLD_TABLE, type TableDefinition } from '../../domain/tables.ts'

/** Every type, required and optional. */
export const KINDS: readonly [type: ColumnType, required: boolean][] = (
  [
    'int',
    'long',
    'float',
    'double',
    'date',
    'timestamptz',
    'decimal(18,8)',
    'decimal(20,10)',
    'decimal(38,16)',
    'string',
    'binary',
    'list<string>',
    'map<string,string>',
  ] as const
).flatMap(type => [[type, true] as [ColumnType, boolean], [type, false] as [ColumnType, boolean]])

export const nestedCount = (type: ColumnType) => (type === 'list<string>' ? 1 : type === 'map<string,string>' ? 2 : 0)

export function tableOf(kinds: readonly (readonly [type: ColumnType, required: boolean])[]): TableDefinition {
  let nested = 1000
  const columns = kinds.map(([type, required], i): Column => {
    const ids = Array.from({ length: nestedCount(type) }, () => nested++)
    const name = `c${i}_${type.replaceAll(/\W+/g, '_')}`
    const narrow = type === 'decimal(20,10)' ? { narrow: true as const } : {}
    return { id: i + 1, name, type, required, doc: '', ...narrow, ...(ids.length > 0 && { nestedIds: ids }) }
  })
  return { ...GOLD_TABLE, name: 'made_up', columns, partition: [], sort: [] }
}

export const ALL = tableOf([...KINDS, ['string', true], ['string', false]])

export type Value = number | bigint | string | Uint8Array | readonly string[] | ReadonlyMap<string, string> | null

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('', 'a', 'ä', '🚀', '\u0000', '\uffff'),
)
const long = fc.oneof(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.bigInt(-3n, 3n))
const VALUES: Record<string, fc.Arbitrary<Value>> = {
  int: fc.oneof(fc.integer(), fc.nat(3)),
  date: fc.integer({ min: -1_000_000, max: 1_000_000 }),
  long,
  // Without -0, which is equal to 0 and not the same, and NaN, which is equal to nothing.
  float: fc.float({ noNaN: true }).map(value => value + 0),
  double: fc.double({ noNaN: true }).map(value => value + 0),
  // DuckDB's: its largest is infinity.
  timestamptz: fc.oneof(fc.bigInt(-(10n ** 17n), 10n ** 17n), fc.constant(0n)),
  'decimal(18,8)': fc.bigInt(1n - 10n ** 18n, 10n ** 18n - 1n),
  // Rows of few values: some files have none of more than 18 digits, or of more than 64 bits.
  'decimal(20,10)': fc.oneof(
    { arbitrary: fc.bigInt(-3n, 3n), weight: 40 },
    fc.bigInt(1n - 10n ** 19n, 10n ** 19n - 1n),
    fc.bigInt(1n - 10n ** 20n, 10n ** 20n - 1n),
  ),
  'decimal(38,16)': fc.oneof(fc.bigInt(1n - 10n ** 38n, 10n ** 38n - 1n), fc.bigInt(-3n, 3n)),
  string: text,
  binary: fc.uint8Array({ maxLength: 20 }),
  'list<string>': fc.array(text, { maxLength: 4 }),
  'map<string,string>': fc
    .uniqueArray(fc.tuple(text, text), { maxLength: 4, selector: ([key]) => key })
    .map(entries => new Map(entries.filter(([key]) => key !== '__proto__'))),
}

/** Rows of a table, a value for each column. */
export function rowsArbitrary(table: TableDefinition, maxLength = 40): fc.Arbitrary<Value[][]> {
  const values = table.columns.map(({ type, required }) =>
    required ? VALUES[type] : fc.option(VALUES[type], { freq: 3 }),
  )
  return fc.array(fc.tuple(...values) as fc.Arbitrary<Value[]>, { minLength: 1, maxLength })
}

/** A column of these values; strings as a dictionary or laid out plainly. */
function columnOf(type: ColumnType, values: readonly Value[], plainStrings = false): ColumnData {
  const valid = Uint8Array.from(values, value => (value === null ? 0 : 1))
  switch (type) {
    case 'int':
    case 'date':
      return { kind: 'int32', values: Int32Array.from(values, value => (value ?? 7) as number), valid }
    case 'decimal(20,10)': {
      const units = values.map(value => (value ?? 7n) as bigint)
      const isLong = units.every(value => BigInt.asIntN(64, value) === value)
      return isLong
        ? { kind: 'int64', values: BigInt64Array.from(units), valid }
        : { kind: 'bigdecimal', values: units, valid }
    }
    case 'decimal(38,16)':
      return { kind: 'bigdecimal', values: values.map(value => (value ?? 7n) as bigint), valid }
    case 'float':
      return { kind: 'float32', values: Float32Array.from(values, value => (value ?? 7) as number), valid }
    case 'double':
      return { kind: 'float64', values: Float64Array.from(values, value => (value ?? 7) as number), valid }
    case 'binary':
      return bytesOf(values as (Uint8Array | null)[])
    case 'string':
      if (!plainStrings) return dictionaryOf(values as (string | null)[])
      return bytesOf(values.map(value => (value === null ? null : Buffer.from(value as string))))
    case 'list<string>':
    case 'map<string,string>':
      return interned(values as (readonly string[] | null)[]) as ColumnData
    default:
      return { kind: 'int64', values: BigInt64Array.from(values, value => (value ?? 7n) as bigint), valid }
  }
}

/** Equal lists and maps as one entry, and one entry that no row has. */
function interned<T>(values: readonly (T | null)[]): DictionaryColumn<T> {
  const ids = new Map<string, number>()
  const entries: T[] = []
  const indexes = Int32Array.from(values, value => {
    if (value === null) return -1
    const key = JSON.stringify(value instanceof Map ? [...value] : value)
    const id = ids.get(key) ?? entries.push(value) - 1
    ids.set(key, id)
    return id
  })
  const unused = (entries[0] instanceof Map ? new Map([['unused', 'x']]) : ['unused']) as T
  return { kind: 'dictionary', entries: [...entries, unused], indexes }
}

export function batchOf(table: TableDefinition, rows: readonly Value[][], plainStrings = false): Batch {
  const columns = table.columns.map(({ name, type }, i) => {
    const values = rows.map(row => row[i])
    return [name, columnOf(type, values, plainStrings)] as const
  })
  return { rows: rows.length, columns: Object.fromEntries(columns) }
}

/** A batch's rows as plain values; strings as text. */
export function rowsOf(table: TableDefinition, batch: Batch): Value[][] {
  const columns = table.columns.map(column => valuesOf(column.type, batch.columns[column.name], batch.rows))
  return Array.from({ length: batch.rows }, (_, row) => columns.map(values => values[row]))
}

function valuesOf(type: ColumnType, data: ColumnData, rows: number): Value[] {
  switch (data.kind) {
    case 'int32':
    case 'int64':
      return Array.from({ length: rows }, (_, row) => (data.valid?.[row] === 0 ? null : data.values[row]))
    case 'float32':
    case 'float64':
    case 'bigdecimal':
      return Array.from({ length: rows }, (_, row) => (data.valid?.[row] === 0 ? null : data.values[row]))
    case 'dictionary':
      return Array.from(data.indexes, index => (index < 0 ? null : data.entries[index]))
    case 'bytes': {
      const view = Buffer.from(data.plain)
      let at = 0
      return Array.from({ length: rows }, (_, row) => {
        if (data.valid?.[row] === 0) return null
        const value = view.subarray(at + 4, at + 4 + view.readUInt32LE(at))
        at += 4 + value.length
        return type === 'string' ? value.toString() : Uint8Array.from(value)
      })
    }
  }
}
