/**
 * Every table as data: columns with their Iceberg field ids, partitioning, sort order, retention.
 * Types are Iceberg's (spec, "Schemas and Data Types").
 */
import { EXCHANGES, type Exchange } from './exchanges.ts'
import { TIMEFRAMES, type Timeframe } from './timeframes.ts'

export type PrimitiveType =
  | 'int'
  | 'long'
  | 'date'
  | 'timestamptz'
  | 'string'
  | 'binary'
  | `decimal(${number},${number})`
export type ColumnType = PrimitiveType | 'list<string>' | 'map<string,string>'

export interface Column {
  readonly id: number
  readonly name: string
  readonly type: ColumnType
  readonly required: boolean
  /** Field ids of a list's element, or of a map's key and value. */
  readonly nestedIds?: readonly number[]
}

export interface PartitionField {
  readonly source: string
  readonly transform: 'identity' | 'day' | 'month'
  readonly name: string
}

export interface TableDefinition {
  readonly name: string
  readonly columns: readonly Column[]
  readonly partition: readonly PartitionField[]
  /** Columns in ascending order, nulls first; none: unsorted. */
  readonly sort: readonly string[]
  readonly targetFileBytes: number
  /** undefined: kept for ever. */
  readonly retentionDays?: number
}

export const NAMESPACE = 'market_data'

type ColumnSpec = readonly [name: string, type: ColumnType, optional?: 'optional']

/** Numbers the columns from 1, nested fields after all top-level ones, as Iceberg's own clients do. */
function columns(specs: readonly ColumnSpec[]): Column[] {
  let next = specs.length + 1
  return specs.map(([name, type, optional], index) => {
    const column = { id: index + 1, name, type, required: optional === undefined }
    const nested = type === 'list<string>' ? 1 : type === 'map<string,string>' ? 2 : 0
    return nested === 0 ? column : { ...column, nestedIds: Array.from({ length: nested }, () => next++) }
  })
}

const MIB = 1024 * 1024

const TRADE_COLUMNS: readonly ColumnSpec[] = [
  ['message_id', 'string'],
  ['trade_id', 'string'],
  ['symbol', 'string'],
  ['exchange', 'string'],
  ['asset_class', 'string'],
  ['timestamp', 'timestamptz'],
  ['price', 'decimal(18,8)'],
  ['quantity', 'decimal(18,8)'],
  ['currency', 'string'],
  ['side', 'string'],
  ['trade_conditions', 'list<string>'],
  ['source_sequence', 'long', 'optional'],
  ['ingestion_timestamp', 'timestamptz'],
  ['platform_sequence', 'long', 'optional'],
  ['vendor_data', 'map<string,string>', 'optional'],
]

/** Raw Kafka records of one exchange, byte for byte. */
export function bronzeTable(exchange: Exchange): TableDefinition {
  return {
    name: `bronze_${exchange.name}_trades`,
    columns: columns([
      ['message_key', 'string', 'optional'],
      ['raw_bytes', 'binary', 'optional'],
      ['topic', 'string'],
      ['partition', 'int'],
      ['offset', 'long'],
      ['kafka_timestamp', 'timestamptz'],
      ['ingestion_timestamp', 'timestamptz'],
      ['ingestion_date', 'date'],
      ['topic_epoch', 'int'],
    ]),
    partition: [{ source: 'ingestion_date', transform: 'day', name: 'ingestion_date_day' }],
    sort: [],
    targetFileBytes: exchange.bronzeFileMiB * MIB,
    retentionDays: exchange.bronzeRetentionDays,
  }
}

/** Decoded, valid trades of one exchange, repeats included, with their Kafka lineage. */
export function silverTable(exchange: Exchange): TableDefinition {
  return {
    name: `silver_${exchange.name}_trades`,
    columns: columns([
      ...TRADE_COLUMNS,
      ['exchange_date', 'date'],
      ['validation_timestamp', 'timestamptz'],
      ['bronze_ingestion_timestamp', 'timestamptz'],
      ['schema_id', 'int'],
      ['topic_epoch', 'int'],
      ['kafka_partition', 'int'],
      ['kafka_offset', 'long'],
    ]),
    partition: [{ source: 'exchange_date', transform: 'day', name: 'exchange_date_day' }],
    sort: [],
    targetFileBytes: 128 * MIB,
    retentionDays: 30,
  }
}

/** Records that no trade could be made of, of all exchanges, with their bytes and the reason. */
export const DLQ_TABLE: TableDefinition = {
  name: 'silver_dlq_trades',
  columns: columns([
    ['raw_record', 'binary', 'optional'],
    ['error_reason', 'string'],
    ['error_type', 'string'],
    ['error_timestamp', 'timestamptz'],
    ['bronze_source', 'string'],
    ['kafka_offset', 'long'],
    ['schema_id', 'int', 'optional'],
    ['dlq_date', 'date'],
    ['exchange', 'string'],
    ['topic_epoch', 'int'],
    ['kafka_partition', 'int'],
  ]),
  partition: [{ source: 'dlq_date', transform: 'day', name: 'dlq_date_day' }],
  sort: [],
  targetFileBytes: 128 * MIB,
  retentionDays: 90,
}

/** Every valid trade of all exchanges exactly once. */
export const GOLD_TABLE: TableDefinition = {
  name: 'gold_crypto_trades',
  columns: columns([...TRADE_COLUMNS, ['exchange_date', 'date'], ['exchange_hour', 'int']]),
  partition: [
    { source: 'exchange_date', transform: 'identity', name: 'exchange_date' },
    { source: 'exchange_hour', transform: 'identity', name: 'exchange_hour' },
  ],
  sort: ['timestamp', 'trade_id'],
  targetFileBytes: 256 * MIB,
}

/** Candles of one timeframe. */
export function candleTable(timeframe: Timeframe): TableDefinition {
  return {
    name: `gold_ohlcv_${timeframe.name}`,
    columns: columns([
      ['symbol', 'string'],
      ['exchange', 'string'],
      ['window_start', 'timestamptz'],
      ['window_end', 'timestamptz'],
      ['window_date', 'date'],
      ['open_price', 'decimal(18,8)'],
      ['high_price', 'decimal(18,8)'],
      ['low_price', 'decimal(18,8)'],
      ['close_price', 'decimal(18,8)'],
      ['volume', 'decimal(38,8)'],
      ['vwap', 'decimal(18,8)'],
      ['trade_count', 'long'],
      ['created_at', 'timestamptz'],
      ['updated_at', 'timestamptz'],
      ['quote_volume', 'decimal(38,16)'],
      ['taker_buy_volume', 'decimal(38,8)'],
      ['taker_buy_quote_volume', 'decimal(38,16)'],
      ['first_trade_time', 'timestamptz'],
      ['last_trade_time', 'timestamptz'],
    ]),
    partition: [
      {
        source: 'window_date',
        transform: timeframe.partition,
        name: `window_date_${timeframe.partition}`,
      },
    ],
    sort: ['window_start', 'exchange', 'symbol'],
    targetFileBytes: 64 * MIB,
    retentionDays: timeframe.retentionDays,
  }
}

/** Every table of a lake with these exchanges. */
export function allTables(exchanges: readonly Exchange[] = EXCHANGES): TableDefinition[] {
  return [
    ...exchanges.map(bronzeTable),
    ...exchanges.map(silverTable),
    DLQ_TABLE,
    GOLD_TABLE,
    ...TIMEFRAMES.map(candleTable),
  ]
}

/** Precision and scale of a decimal type, or undefined for any other type. */
export function decimalType(type: ColumnType): { precision: number; scale: number } | undefined {
  const match = /^decimal\((\d+),(\d+)\)$/.exec(type)
  return match ? { precision: Number(match[1]), scale: Number(match[2]) } : undefined
}
