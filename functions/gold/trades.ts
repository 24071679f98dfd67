/** Trades of Silver files as Gold's files: without repeats of each other and of what Gold holds, a sorted file for each hour. */
import {
  type Batch,
  type BytesColumn,
  type ColumnData,
  constantInt32,
  type DictionaryColumn,
  type Int64Column,
} from '../../domain/columns.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import type { Ports } from '../../domain/ports.ts'
import { LINEAGE_COLUMNS } from '../../domain/repeats.ts'
import { emptied, newRoom, type Room } from '../../domain/room.ts'
import { sparesOf } from '../../domain/spares.ts'
import { GOLD_TABLE, silverTable } from '../../domain/tables.ts'
import { rowStarts, takeColumn } from '../../domain/take.ts'
import { storeDataFile } from '../../iceberg/data-file.ts'
import { described } from '../../iceberg/encoded-file.ts'
import { type ByteSource, openFiles } from '../../iceberg/parquet/batch.ts'
import { createFileEncoder, type FileEncoder } from '../../iceberg/parquet/encode.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { findRepeated, minutesOf, type StoredGold } from '../../tables/gold-repeats.ts'
import { sortedRows } from './order.ts'

/** Every exchange's table has the same columns. */
const SILVER = silverTable(EXCHANGES[0])
/** Those whose values are needed for all rows before any is written. */
const ORDER_COLUMNS = ['message_id', 'trade_id', 'timestamp', ...LINEAGE_COLUMNS]
/** Columns that differ in nearly every row. */
const PLAIN_COLUMNS = new Set(['message_id', 'trade_id'])

/** Where columns lie: those that are held until all is written, the one that was read last, and what of it goes into a file. */
interface Rooms {
  readonly held: Room
  readonly read: Room
  readonly picked: Room
}

/** A process unifies one batch at a time. */
const spareRooms = sparesOf<Rooms>(1)

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
  const silver = await openFiles(SILVER, sources)
  const rooms = spareRooms.take() ?? { held: newRoom(), read: newRoom(), picked: newRoom() }
  const read = async (name: string, room: Room): Promise<ColumnData> =>
    (await silver.read({ columns: [name], plain: PLAIN_COLUMNS, room })).columns[name]
  emptied(rooms.held)
  const columns: Record<string, ColumnData> = {}
  for (const name of ORDER_COLUMNS) columns[name] = await read(name, rooms.held)
  const batch: Batch = { rows: silver.rows, columns }
  const timestamps = (batch.columns.timestamp as Int64Column).values
  const starts: Readonly<Record<string, Int32Array>> = {
    message_id: rowStarts(batch.columns.message_id as BytesColumn, batch.rows),
    trade_id: rowStarts(batch.columns.trade_id as BytesColumn, batch.rows),
  }
  const tradeIds = (batch.columns.trade_id as BytesColumn).plain
  const minutes = minutesOf(timestamps)
  const repeated = await findRepeated(ports, stored, batch, starts.message_id, minutes)
  const order = without(sortedRows(timestamps, tradeIds, starts.trade_id), repeated)
  const hours = hoursOf(order, minutes)
  // A column at a time: all of them, twice, would be most of the memory of Gold.
  for (const { name, from } of GOLD_TABLE.columns) {
    if (from !== 'silver') continue
    const data = columns[name] ?? (await read(name, emptied(rooms.read)))
    for (const { encoder, rows } of hours)
      encoder.add(name, takeColumn(data, rows, starts[name], emptied(rooms.picked)))
  }
  const files: DataFile[] = []
  for (const { hour, rows, encoder } of hours) files.push(await writeHour(ports, hour, rows.length, encoder))
  const content = contentOf(batch, order, minutes)
  spareRooms.give(rooms)
  return { files, ...content }
}

function without(rows: Uint32Array, repeated: Uint8Array): Uint32Array {
  let kept = 0
  for (let i = 0; i < rows.length; i++) if (repeated[rows[i]] === 0) rows[kept++] = rows[i]
  return rows.subarray(0, kept)
}

interface Hour {
  /** Hours since 1970. */
  readonly hour: number
  /** In their order. */
  readonly rows: Uint32Array
  readonly encoder: FileEncoder
}

function hoursOf(order: Uint32Array, minutes: Float64Array): Hour[] {
  const hours: Hour[] = []
  for (let from = 0; from < order.length; ) {
    const hour = Math.floor(minutes[order[from]] / 60)
    let to = from
    while (to < order.length && Math.floor(minutes[order[to]] / 60) === hour) to++
    hours.push({ hour, rows: order.subarray(from, to), encoder: createFileEncoder(GOLD_TABLE, to - from) })
    from = to
  }
  return hours
}

async function writeHour(
  ports: Pick<Ports, 'store' | 'ids'>,
  hour: number,
  rows: number,
  encoder: FileEncoder,
): Promise<DataFile> {
  const partition = { exchange_date: Math.floor(hour / 24), exchange_hour: hour % 24 }
  encoder.add('exchange_date', constantInt32(partition.exchange_date, rows))
  encoder.add('exchange_hour', constantInt32(partition.exchange_hour, rows))
  return storeDataFile(ports, GOLD_TABLE, partition, described(GOLD_TABLE, encoder.finish()))
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
