/**
 * Gold: pending Silver files become one snapshot of deduplicated trades, a file for each hour that they touch, sorted by
 * time; the minutes whose rows changed become pending for the candles in the same transaction.
 */
import { crc32 } from 'node:zlib'
import type { RowGroup } from 'hyparquet'
import {
  type Batch,
  type BytesColumn,
  constantInt32,
  type DictionaryColumn,
  type Int64Column,
  numbersOf,
} from '../../domain/columns.ts'
import { addCounts } from '../../domain/counts.ts'
import { Corrupt } from '../../domain/errors.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import type { ChangedMinutes, SilverFile, SilverFiles } from '../../domain/handover.ts'
import { consumers } from '../../domain/names.ts'
import { consumePending, listPending, type PendingItem, producePending } from '../../domain/pending.ts'
import type { Ports, Write } from '../../domain/ports.ts'
import { commit, type Plan, repeatUntil } from '../../domain/protocol.ts'
import { rangesAround, type TimeRange } from '../../domain/ranges.ts'
import { GOLD_TABLE, silverTable } from '../../domain/tables.ts'
import { rowStarts, takeRows } from '../../domain/take.ts'
import { MINUTE_MICROS } from '../../domain/time.ts'
import { createTable, type LoadedTable } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import { writeDataFile } from '../../iceberg/data-file.ts'
import { planGold } from '../../iceberg/gold-scan.ts'
import { type ByteSource, readBatch, readGroups, sourceOf } from '../../iceberg/parquet-batch.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { findRepeats, KEY_COLUMNS, LINEAGE_COLUMNS, SAME_TRADE_MICROS } from './dedup.ts'
import { sortedRows } from './order.ts'

/** One commit takes at most this much: items (each a write), and rows, which bound memory (some 300 bytes a row) and time. */
const ITEMS_PER_COMMIT = 90
const ROWS_PER_COMMIT = 245_760

/** Every exchange's table has the same columns. */
const SILVER = silverTable(EXCHANGES[0])
const COLUMNS = [
  ...new Set([
    ...GOLD_TABLE.columns.map(({ name }) => name).filter(name => name !== 'exchange_hour'),
    ...LINEAGE_COLUMNS,
  ]),
]
/** Nearly every row has others. */
const PLAIN_COLUMNS = new Set(['message_id', 'trade_id'])

export interface GoldResult {
  readonly commits: number
  /** Silver rows read. */
  readonly read: number
  readonly written: number
  readonly duplicates: number
  /** Hours that got rows. */
  readonly partitions: number
  /** Rows written, by exchange code. */
  readonly byExchange: Readonly<Record<string, number>>
}

type Step = Omit<GoldResult, 'commits' | 'duplicates'>

/** Commits what is pending, oldest first, until nothing is or the deadline (milliseconds since 1970) has passed. */
export async function unify(ports: Ports, deadline: number): Promise<GoldResult> {
  const steps = await repeatUntil(ports, deadline, () => commit(ports, () => plan(ports)))
  const read = steps.reduce((sum, step) => sum + step.read, 0)
  const written = steps.reduce((sum, step) => sum + step.written, 0)
  const partitions = steps.reduce((sum, step) => sum + step.partitions, 0)
  const byExchange = steps.reduce((sum, step) => addCounts(sum, step.byExchange), {})
  return { commits: steps.length, read, written, duplicates: read - written, partitions, byExchange }
}

async function plan(ports: Ports): Promise<Plan<Step | undefined>> {
  const items = bounded(await listPending<SilverFiles>(ports, consumers.gold, ITEMS_PER_COMMIT))
  if (items.length === 0) return { writes: [], result: undefined }
  const started = ports.clock.now()
  const table = await createTable(ports, GOLD_TABLE)
  const silver = items.flatMap(item => item.payload.files)
  const { files, content } = await writeGold(ports, table, silver)
  const writes: Write[] = items.map(consumePending)
  if (files.length > 0) {
    const staged = await stageSnapshot(ports, { table, add: files, operation: 'append' })
    const changed: ChangedMinutes = { minutes: content.minutes }
    writes.push(staged.write, await producePending(ports, consumers.candles, changed))
  }
  const read = silver.reduce((sum, file) => sum + file.records, 0)
  const written = files.reduce((sum, file) => sum + file.records, 0)
  const { byExchange } = content
  return { writes, result: { read, written, partitions: files.length, byExchange }, oldestFile: started }
}

/** The oldest items that fit one commit; at least one. */
function bounded(items: readonly PendingItem<SilverFiles>[]): PendingItem<SilverFiles>[] {
  let rows = 0
  return items.filter((item, i) => {
    rows += item.payload.files.reduce((sum, file) => sum + file.records, 0)
    return i === 0 || rows <= ROWS_PER_COMMIT
  })
}

async function writeGold(
  ports: Ports,
  table: LoadedTable,
  silver: readonly SilverFile[],
): Promise<{ files: DataFile[]; content: Content }> {
  const sources = await Promise.all(silver.map(file => readSilver(ports, file)))
  const batch = await readBatch(SILVER, sources, { columns: COLUMNS, plain: PLAIN_COLUMNS })
  const timestamps = (batch.columns.timestamp as Int64Column).values
  const starts = {
    message_id: rowStarts(batch.columns.message_id as BytesColumn, batch.rows),
    trade_id: rowStarts(batch.columns.trade_id as BytesColumn, batch.rows),
  }
  const tradeIds = (batch.columns.trade_id as BytesColumn).plain
  const minutes = minutesOf(timestamps)
  const repeated = await findRepeated(ports, table, batch, minutes)
  const order = without(sortedRows(timestamps, tradeIds, starts.trade_id), repeated)
  const content = contentOf(batch, order, minutes)
  const files: DataFile[] = []
  for (let from = 0; from < order.length; ) {
    const hour = Math.floor(minutes[order[from]] / 60)
    let to = from
    while (to < order.length && Math.floor(minutes[order[to]] / 60) === hour) to++
    const part = takeRows(batch, order.subarray(from, to), starts)
    files.push(await writeHour(ports, hour, part))
    from = to
  }
  return { files, content }
}

function without(rows: Uint32Array, repeated: Uint8Array): Uint32Array {
  let kept = 0
  for (let i = 0; i < rows.length; i++) if (repeated[rows[i]] === 0) rows[kept++] = rows[i]
  return rows.subarray(0, kept)
}

/** A Silver file, as Silver wrote it. @throws Corrupt where it is another */
async function readSilver(ports: Ports, { key, bytes, crc32: expected }: SilverFile): Promise<ByteSource> {
  const found = await ports.store.get(key)
  if (found.length !== bytes || (expected !== undefined && crc32(found) !== expected))
    throw new Corrupt(
      `${key} is not as Silver wrote it (${found.length} bytes, ${bytes} expected, or another checksum): restore the object.`,
    )
  return sourceOf(key, found)
}

/** A byte for each row of the batch: 1 where Gold or an earlier row has the trade already. */
async function findRepeated(
  ports: Ports,
  table: LoadedTable,
  batch: Batch,
  minutes: Float64Array,
): Promise<Uint8Array> {
  const repeats = findRepeats(batch)
  const distinct = new Set<number>()
  for (let row = 0; row < minutes.length; row++) if (minutes[row] !== minutes[row - 1]) distinct.add(minutes[row])
  const windows = [...distinct].map(minute => BigInt(minute) * MINUTE_MICROS)
  for (const range of rangesAround(windows, MINUTE_MICROS, SAME_TRADE_MICROS))
    for (const { key, bytes } of await planGold(ports, table, range)) {
      const source = { name: key, bytes, read: (start: number, end: number) => ports.store.getRange(key, start, end) }
      const keep = (group: RowGroup) => mayHold(group, range)
      for await (const gold of readGroups(GOLD_TABLE, source, { columns: KEY_COLUMNS, plain: PLAIN_COLUMNS, keep }))
        repeats.against(gold)
    }
  return repeats.finish()
}

/** Writes the trades of one hour (since 1970) in their order. */
async function writeHour(ports: Ports, hour: number, { rows, columns }: Batch): Promise<DataFile> {
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

interface Content {
  /** Minutes since 1970 that have rows, ascending. */
  readonly minutes: number[]
  readonly byExchange: Record<string, number>
}

/** What the rows of `order` hold, which are in order of time. */
function contentOf(batch: Batch, order: Uint32Array, minutes: Float64Array): Content {
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

/** Each row's minute since 1970. */
function minutesOf(timestamps: BigInt64Array): Float64Array {
  const minutes = numbersOf(timestamps)
  for (let row = 0; row < minutes.length; row++)
    minutes[row] =
      minutes[row] < Number.MAX_SAFE_INTEGER
        ? Math.floor(minutes[row] / Number(MINUTE_MICROS))
        : Number(timestamps[row] / MINUTE_MICROS)
  return minutes
}

/** Whether a row group's bounds leave room for the range; hyparquet gives them as dates, cut to the millisecond. */
function mayHold(group: RowGroup, { from, to }: TimeRange): boolean {
  const chunk = group.columns.find(({ meta_data }) => meta_data?.path_in_schema[0] === 'timestamp')
  const { min_value: min, max_value: max } = chunk?.meta_data?.statistics ?? {}
  if (!(min instanceof Date && max instanceof Date)) return true
  return BigInt(min.getTime()) * 1000n <= to && BigInt(max.getTime() + 1) * 1000n > from
}
