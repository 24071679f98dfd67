/**
 * Every table as data: columns with their Iceberg field ids, partitioning, sort order, retention, upkeep.
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

/**
 * How long snapshots stay, days since their commit: each of them, then the last of each hour, then the last of each day.
 * A snapshot holds on to the files that it names.
 */
export interface SnapshotPolicy {
  readonly allDays: number
  readonly hourlyDays: number
  readonly dailyDays: number
}

/** How maintenance goes about a table. */
export interface Upkeep {
  /** Small files are joined with those next to them in this time. */
  readonly timeColumn: string
  /** Rows of a joined file are in this order: what is looked for together stands together. */
  readonly order: readonly string[]
  /** Rows of a row group: the least that a reader of a few rows has to read. */
  readonly rowGroupRows: number
  /** A partition gets few rows from so long after its end on: only then are its last files joined. */
  readonly closedAfterMinutes: number
  /** Retention counts from the newest of these times in a partition. */
  readonly ageColumn: string
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
  readonly snapshots: SnapshotPolicy
  readonly upkeep: Upkeep
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

/** Bulky tables whose past is in the tables after them. */
const BULKY: SnapshotPolicy = { allDays: 1, hourlyDays: 3, dailyDays: 0 }
const GOLD_HISTORY: SnapshotPolicy = { allDays: 1, hourlyDays: 7, dailyDays: 0 }
const CANDLE_HISTORY: SnapshotPolicy = { allDays: 1, hourlyDays: 7, dailyDays: 365 }

/** Late invocations and clocks that differ are long through. */
const SOON_CLOSED = 10
/** DuckDB's own. */
const ROW_GROUP_ROWS = 122_880

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

/** The columns of a table that holds Kafka records byte for byte. */
const RECORD_COLUMNS: readonly ColumnSpec[] = [
  ['message_key', 'string', 'optional'],
  ['raw_bytes', 'binary', 'optional'],
  ['topic', 'string'],
  ['partition', 'int'],
  ['offset', 'long'],
  ['kafka_timestamp', 'timestamptz'],
  ['ingestion_timestamp', 'timestamptz'],
  ['ingestion_date', 'date'],
  ['topic_epoch', 'int'],
]

const RECORD_LAYOUT: Pick<TableDefinition, 'partition' | 'sort' | 'snapshots' | 'upkeep'> = {
  partition: [{ source: 'ingestion_date', transform: 'day', name: 'ingestion_date_day' }],
  sort: [],
  snapshots: BULKY,
  upkeep: {
    timeColumn: 'ingestion_timestamp',
    // A batch that comes again is looked for by partition and offset, in the memory of a small function.
    order: ['topic', 'topic_epoch', 'partition', 'offset'],
    rowGroupRows: 8_192,
    closedAfterMinutes: SOON_CLOSED,
    ageColumn: 'ingestion_timestamp',
  },
}

/** Raw Kafka records of one exchange, byte for byte. */
export function bronzeTable(exchange: Exchange): TableDefinition {
  return {
    name: `bronze_${exchange.name}_trades`,
    columns: columns(RECORD_COLUMNS),
    targetFileBytes: exchange.bronzeFileMiB * MIB,
    retentionDays: exchange.bronzeRetentionDays,
    ...RECORD_LAYOUT,
  }
}

/** What the feeds report to have missed (domain/feed-gaps.ts): each report as it came, and what it says. */
export const FEED_GAPS_TABLE: TableDefinition = {
  name: 'feed_gaps',
  columns: columns([
    ...RECORD_COLUMNS,
    ['exchange', 'string', 'optional'],
    ['symbol', 'string', 'optional'],
    ['kind', 'string', 'optional'],
    ['status', 'string', 'optional'],
    ['from_id', 'long', 'optional'],
    ['to_id', 'long', 'optional'],
    ['from_time', 'timestamptz', 'optional'],
    ['to_time', 'timestamptz', 'optional'],
    ['cause', 'string', 'optional'],
    ['reported_at', 'timestamptz', 'optional'],
  ]),
  targetFileBytes: 16 * MIB,
  // A hole in Gold, which is kept for ever, stays explained.
  ...RECORD_LAYOUT,
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
    snapshots: BULKY,
    upkeep: {
      timeColumn: 'timestamp',
      order: ['timestamp', 'trade_id'],
      rowGroupRows: ROW_GROUP_ROWS,
      closedAfterMinutes: SOON_CLOSED,
      // Trades may come late: what counts is when they were taken in.
      ageColumn: 'validation_timestamp',
    },
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
  snapshots: BULKY,
  upkeep: {
    timeColumn: 'error_timestamp',
    order: ['error_timestamp', 'exchange', 'topic_epoch', 'kafka_partition', 'kafka_offset'],
    rowGroupRows: ROW_GROUP_ROWS,
    closedAfterMinutes: SOON_CLOSED,
    ageColumn: 'error_timestamp',
  },
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
  snapshots: GOLD_HISTORY,
  upkeep: {
    timeColumn: 'timestamp',
    order: ['timestamp', 'trade_id'],
    rowGroupRows: ROW_GROUP_ROWS,
    closedAfterMinutes: SOON_CLOSED,
    ageColumn: 'timestamp',
  },
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
    snapshots: CANDLE_HISTORY,
    upkeep: {
      timeColumn: 'window_start',
      order: ['window_start', 'exchange', 'symbol'],
      rowGroupRows: ROW_GROUP_ROWS,
      // A late trade writes its span again: a day of late trades is let pass.
      closedAfterMinutes: 24 * 60,
      ageColumn: 'window_start',
    },
  }
}

/** Every table of a lake with these exchanges. */
export function allTables(exchanges: readonly Exchange[] = EXCHANGES): TableDefinition[] {
  return [
    ...exchanges.map(bronzeTable),
    ...exchanges.map(silverTable),
    DLQ_TABLE,
    FEED_GAPS_TABLE,
    GOLD_TABLE,
    ...TIMEFRAMES.map(candleTable),
  ]
}

/** The tables whose files are made by Bronze and Silver, and committed by a function of their own. */
export function committedTables(exchanges: readonly Exchange[]): TableDefinition[] {
  return [...exchanges.map(bronzeTable), ...exchanges.map(silverTable), DLQ_TABLE, FEED_GAPS_TABLE]
}

/** Precision and scale of a decimal type, or undefined for any other type. */
export function decimalType(type: ColumnType): { precision: number; scale: number } | undefined {
  const match = /^decimal\((\d+),(\d+)\)$/.exec(type)
  return match ? { precision: Number(match[1]), scale: Number(match[2]) } : undefined
}
