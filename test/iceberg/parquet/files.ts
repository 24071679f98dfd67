/** Parquet files of made-up rows for any table, written by DuckDB with the table's field ids. */
import type { Column, ColumnType } from '../../../domain/column-types.ts'
import type { QueryEngine } from '../../../domain/ports.ts'
import type { TableDefinition } from '../../../domain/tables.ts'

/** SQL of a column's value in row `i`, by type; optional columns are null in every seventh row. */
function valueSql(type: ColumnType): string {
  switch (type) {
    case 'int':
      return '(i % 24)::INTEGER'
    case 'long':
      return '(9007199254740993 + i * 1000003)::BIGINT'
    case 'double':
      return '(i + 0.5)::DOUBLE'
    case 'date':
      return "DATE '2026-11-20'"
    case 'timestamptz':
      return 'make_timestamptz(1795132800000001 + i * 1000)'
    case 'string':
      return "format('{:07d}-Ünïcode 🚀 and more than sixteen', i)"
    case 'binary':
      return "encode(format('{:07d} raw bytes of a record', i))"
    case 'list<string>':
      return "CASE WHEN i % 3 = 0 THEN [] ELSE ['a', format('c{}', i)] END"
    case 'map<string,string>':
      return "MAP {'pair': 'XBT/USD', 'n': i::VARCHAR}"
    case 'decimal(38,16)':
      return "('123456789012345' || i || '.0000000000000001')::DECIMAL(38,16)"
    default:
      return `(('1234' || i || '.00000001')::VARCHAR)::${type.toUpperCase()}`
  }
}

/** `SELECT` of `rows` rows from number `first` on; `fixed` gives columns (the partition's sources) one value in SQL. */
export function sampleRows(
  table: TableDefinition,
  options: { readonly rows: number; readonly first?: number; readonly fixed?: Readonly<Record<string, string>> },
): string {
  const { rows, first = 0, fixed = {} } = options
  const columns = table.columns.map(column => {
    const value = fixed[column.name] ?? valueSql(column.type)
    return `${column.required ? value : `CASE WHEN i % 7 = 0 THEN NULL ELSE ${value} END`} AS "${column.name}"`
  })
  return `SELECT ${columns.join(', ')} FROM range(${first}, ${first + rows}) AS t(i)`
}

/** Writes the rows of a query as a Parquet file. */
export async function writeParquet(
  engine: QueryEngine,
  table: TableDefinition,
  path: string,
  select: string,
  options = '',
): Promise<void> {
  const ids = table.columns.map(fieldIds).join(', ')
  await engine.run([
    `COPY (${select}) TO '${path.replaceAll("'", "''")}' (FORMAT parquet, COMPRESSION zstd, FIELD_IDS {${ids}}${options})`,
  ])
}

function fieldIds({ name, id, nestedIds = [] }: Column): string {
  if (nestedIds.length === 0) return `"${name}": ${id}`
  const names = nestedIds.length === 1 ? ['element'] : ['key', 'value']
  return `"${name}": {__duckdb_field_id: ${id}, ${names.map((nested, index) => `${nested}: ${nestedIds[index]}`).join(', ')}}`
}
