/** Columns of one exchange date of Silver's rows, in memory that is used again for the next ones. */
import { halvesOf, type PlainWriter } from '../../domain/columns.ts'
import { sparesOf } from '../../domain/spares.ts'

const LONGS = [
  'timestamp',
  'price',
  'quantity',
  'source_sequence',
  'ingestion_timestamp',
  'platform_sequence',
  'bronze_ingestion_timestamp',
  'kafka_offset',
] as const
const INTS = [
  'symbol',
  'exchange',
  'asset_class',
  'currency',
  'side',
  'trade_conditions',
  'vendor_data',
  'schema_id',
  'topic_epoch',
  'kafka_partition',
] as const

export type Longs = Record<(typeof LONGS)[number], Int32Array>
export type Ints = Record<(typeof INTS)[number], Int32Array>

/** Arrays have room for `capacity` rows. Longs are kept as their halves. */
export interface DayColumns {
  rows: number
  capacity: number
  longs: Longs
  ints: Ints
  sourceSequenceValid: Uint8Array
  platformSequenceValid: Uint8Array
  /** Those that 64 bits do not hold, by row. */
  widePrices: Map<number, bigint>
  wideQuantities: Map<number, bigint>
  messageId: PlainWriter
  tradeId: PlainWriter
}

/** Room for the rows of a quiet minute, where nothing is known of them; it doubles as it fills. */
const FIRST_ROWS = 64

/** Two dates of each of some exchanges. */
export const spareDays = sparesOf<DayColumns>(4)

/** Empty columns with room for so many rows, or more. */
export function newDay(records: number): DayColumns {
  const rows = Math.max(FIRST_ROWS, records)
  const spare = spareDays.take()
  if (spare) empty(spare)
  const columns: DayColumns = spare ?? {
    rows: 0,
    capacity: 0,
    longs: {} as Longs,
    ints: {} as Ints,
    sourceSequenceValid: new Uint8Array(0),
    platformSequenceValid: new Uint8Array(0),
    widePrices: new Map(),
    wideQuantities: new Map(),
    messageId: { bytes: Buffer.allocUnsafe(rows * 40), length: 0 },
    tradeId: { bytes: Buffer.allocUnsafe(rows * 20), length: 0 },
  }
  if (columns.capacity < rows) grow(columns, rows)
  return columns
}

/** Where a column has a value, the value is written; the others are read by none. */
function empty(columns: DayColumns): void {
  columns.sourceSequenceValid.fill(0, 0, columns.rows)
  columns.platformSequenceValid.fill(0, 0, columns.rows)
  columns.widePrices.clear()
  columns.wideQuantities.clear()
  columns.rows = columns.messageId.length = columns.tradeId.length = 0
}

/** Gives the columns room for so many rows. */
export function grow(columns: DayColumns, capacity: number): void {
  // BigInt64Array first, so that the halves are aligned for it.
  for (const name of LONGS) columns.longs[name] = copied(columns.longs[name], halvesOf(new BigInt64Array(capacity)))
  for (const name of INTS) columns.ints[name] = copied(columns.ints[name], new Int32Array(capacity))
  columns.sourceSequenceValid = copied(columns.sourceSequenceValid, new Uint8Array(capacity))
  columns.platformSequenceValid = copied(columns.platformSequenceValid, new Uint8Array(capacity))
  columns.capacity = capacity
}

function copied<T extends Int32Array | Uint8Array>(from: T | undefined, into: T): T {
  if (from) into.set(from)
  return into
}
