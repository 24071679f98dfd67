/** Trades of Silver files as Gold's files: without repeats of each other and of what Gold holds, a sorted file for each hour. */
import {
  type Batch,
  type BytesColumn,
  constantInt32,
  type DictionaryColumn,
  type Int64Column,
} from '../../domain/columns.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import type { Ports } from '../../domain/ports.ts'
import { LINEAGE_COLUMNS } from '../../domain/repeats.ts'
import { GOLD_TABLE, silverTable } from '../../domain/tables.ts'
import { rowStarts, takeRows } from '../../domain/take.ts'
import { writeDataFile } from '../../iceberg/data-file.ts'
import { type ByteSource, readBatch } from '../../iceberg/parquet/batch.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { findRepeated, minutesOf, type StoredGold } from '../../tables/gold-repeats.ts'
import { sortedRows } from './order.ts'

/** Every exchange's table has the same columns. */
const SILVER = silverTable(EXCHANGES[0])
const COLUMNS = [
  ...new Set([
    ...GOLD_TABLE.columns.filter(({ from }) => from === 'silver').map(({ name }) => name),
    ...LINEAGE_COLUMNS,
  ]),
]
/** Columns that differ in nearly every row. */
const PLAIN_COLUMNS = new Set(['message_id', 'trade_id'])

export interface GoldFiles {
  readonly files: readonly DataFile[]
  /** Minutes since 1970 that have rows, ascending. */
  readonly minutes: readonly number[]
  /** Rows by exchange code. */
  readonly byExchange: Readonly<Record<string, number>>
}

/**
 * Writes the trades of Parquet files with Silver's columns that `stored` does not hold yet, all of them in memory at once.
 * Where several rows are one trade, the row with the lowest lineage is taken. The files count for nothing until a commit names them.
 */
export async function writeTrades(
  ports: Pick<Ports, 'store' | 'ids'>,
  sources: readonly ByteSource[],
  stored: StoredGold,
): Promise<GoldFiles> {
  const batch = await readBatch(SILVER, sources, { columns: COLUMNS, plain: PLAIN_COLUMNS })
  const timestamps = (batch.columns.timestamp as Int64Column).values
  const starts = {
    message_id: rowStarts(batch.columns.message_id as BytesColumn, batch.rows),
    trade_id: rowStarts(batch.columns.trade_id as BytesColumn, batch.rows),
  }
  const tradeIds = (batch.columns.trade_id as BytesColumn).plain
  const minutes = minutesOf(timestamps)
  const repeated = await findRepeated(ports, stored, batch, starts.message_id, minutes)
  const order = without(sortedRows(timestamps, tradeIds, starts.trade_id), repeated)
  const files: DataFile[] = []
  for (let from = 0; from < order.length; ) {
    const hour = Math.floor(minutes[order[from]] / 60)
    let to = from
    while (to < order.length && Math.floor(minutes[order[to]] / 60) === hour) to++
    const part = takeRows(batch, order.subarray(from, to), starts)
    files.push(await writeHour(ports, hour, part))
    from = to
  }
  return { files, ...contentOf(batch, order, minutes) }
}

function without(rows: Uint32Array, repeated: Uint8Array): Uint32Array {
  let kept = 0
  for (let i = 0; i < rows.length; i++) if (repeated[rows[i]] === 0) rows[kept++] = rows[i]
  return rows.subarray(0, kept)
}

/** Writes the trades of one hour (since 1970) in their order. */
async function writeHour(
  ports: Pick<Ports, 'store' | 'ids'>,
  hour: number,
  { rows, columns }: Batch,
): Promise<DataFile> {
  const partition = { exchange_date: Math.floor(hour / 24), exchange_hour: hour % 24 }
  return writeDataFile(ports, GOLD_TABLE, partition, {
    rows,
    columns: {
      ...columns,
      exchange_date: constantInt32(partition.exchange_date, rows),
      exchange_hour: constantInt32(partition.exchange_hour, rows),
    },
  })
}

/** What the rows of `order` hold, which are in order of time. */
function contentOf(batch: Batch, order: Uint32Array, minutes: Float64Array): Omit<GoldFiles, 'files'> {
  const exchange = batch.columns.exchange as DictionaryColumn<string>
  const counts = new Int32Array(exchange.entries.length)
  const found: number[] = []
  let last = -1
  for (let i = 0; i < order.length; i++) {
    counts[exchange.indexes[order[i]]]++
    if (minutes[order[i]] !== last) found.push((last = minutes[order[i]]))
  }
  const byExchange = Object.fromEntries(
    exchange.entries.flatMap((code, i) => (counts[i] > 0 ? [[code, counts[i]]] : [])),
  )
  return { minutes: found, byExchange }
}
