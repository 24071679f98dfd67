/** What other people's readers make of the tables that we write. */
import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type ColumnType, decimalType } from '../../domain/column-types.ts'
import { pythonEnvironment } from '../../localstack/python.ts'

const run = promisify(execFile)
const HERE = import.meta.dirname
const MAX_OUTPUT = 256 * 1024 * 1024

/** One question to PyIceberg, and its answer: see check_lake.py. */
export interface LakeRequest {
  readonly table: string
  readonly metadata_location: string
  readonly snapshot_id?: number
  readonly filter?: string
  /** Rows whose decimal is at least, below or equal to a value. */
  readonly where?: { readonly column: string; readonly operation: '>=' | '<' | '='; readonly value: string }
}

export interface LakeAnswer {
  readonly table: string
  readonly schema: Readonly<Record<string, string>>
  readonly required: readonly string[]
  readonly partition: readonly string[]
  readonly sort: readonly string[]
  readonly snapshots: readonly number[]
  readonly rows: number
  readonly digest: string
  readonly planned: number
  readonly avro: readonly string[]
  readonly duckdb: number | null
}

/** A column's type as Iceberg's libraries write it. */
export function icebergType(type: ColumnType): string {
  const decimal = decimalType(type)
  if (decimal) return `decimal(${decimal.precision}, ${decimal.scale})`
  return type === 'map<string,string>' ? 'map<string, string>' : type
}

/** The interpreter that has the readers: PyIceberg and DuckDB's own. */
export function readersPython(): Promise<string> {
  return pythonEnvironment(join(HERE, 'requirements.txt'))
}

/** The interpreter that has the catalog's clients. */
export function catalogPython(): Promise<string> {
  return pythonEnvironment(join(HERE, 'catalog-requirements.txt'))
}

/** The interpreter that has the clients of exchanges: ccxt, python-binance and freqtrade. */
export function marketPython(): Promise<string> {
  return pythonEnvironment(join(HERE, 'market-requirements.txt'))
}

/** The interpreter that has binance-connector, whose modules have the names of python-binance's. */
export function connectorPython(): Promise<string> {
  return pythonEnvironment(join(HERE, 'connector-requirements.txt'))
}

/** The interpreter that has schemathesis, which makes requests of a description. */
export function schemaPython(): Promise<string> {
  return pythonEnvironment(join(HERE, 'schema-requirements.txt'))
}

/** The interpreter that has NautilusTrader, a client of tardis-machine. */
export function tardisPython(): Promise<string> {
  return pythonEnvironment(join(HERE, 'tardis-requirements.txt'))
}

/** The interpreter that has pandas, polars and what runs notebooks. */
export function notebookPython(): Promise<string> {
  return pythonEnvironment(join(HERE, 'notebook-requirements.txt'))
}

/** The interpreter that has OpenLineage's own client. */
export function lineagePython(): Promise<string> {
  return pythonEnvironment(join(HERE, 'lineage-requirements.txt'))
}

/** Asks PyIceberg. `requestsFile` is a path that may be written. */
export async function checkLake(
  python: string,
  requests: readonly LakeRequest[],
  requestsFile: string,
): Promise<LakeAnswer[]> {
  writeFileSync(requestsFile, JSON.stringify(requests))
  const { stdout } = await run(python, [join(HERE, 'check_lake.py'), requestsFile], { maxBuffer: MAX_OUTPUT })
  return JSON.parse(stdout)
}
