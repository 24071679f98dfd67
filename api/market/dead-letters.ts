/** Records that Silver refused: the newest of them, and how many there are by what was wrong and when. */

import { avroType } from '../../domain/avro.ts'
import { formatDecimal } from '../../domain/decimal.ts'
import { compare } from '../../domain/order.ts'
import type { Ports } from '../../domain/ports.ts'
import { DLQ_TABLE } from '../../domain/tables.ts'
import { DAY_MICROS } from '../../domain/time.ts'
import { NARROW, TRADE_SCHEMA, type TradeLayout, WIDE, WIDE_TRADE_SCHEMA } from '../../domain/trade.ts'
import type { Windows } from '../../domain/windows.ts'
import { FRAME_BYTES, MAGIC_BYTE, type SchemaIds } from '../../domain/wire.ts'
import type { LoadedTable } from '../../iceberg/catalog.ts'
import { type ColumnValues, readColumns } from '../../iceberg/parquet/read.ts'
import { planFiles } from '../../iceberg/scan.ts'
import { timesIn } from '../../tables/file-times.ts'

/** Where a record is in the order of answers, the newest first; microseconds since 1970. */
export interface LetterPlace {
  readonly time: bigint
  readonly exchange: string
  readonly epoch: number
  readonly partition: number
  readonly offset: bigint
}

export interface DeadLetter extends LetterPlace {
  readonly errorType: string
  readonly errorReason: string
  /** The Bronze table that has it. */
  readonly source: string
  readonly schemaId: number | undefined
  /** The value of the Kafka record; null where it has none. */
  readonly raw: Uint8Array | null
}

export interface LettersQuery {
  /** Microseconds since 1970: from the first up to but not including the second. */
  readonly from: bigint
  readonly to: bigint
  readonly snapshotId: number
  /** All where it is empty. */
  readonly exchanges: readonly string[]
  readonly errorTypes: readonly string[]
}

const PLACE = ['error_timestamp', 'exchange', 'topic_epoch', 'kafka_partition', 'kafka_offset']
const WHAT = ['error_type', 'exchange', 'error_timestamp']

/** At most `limit` of them behind `after`, the newest first. @throws Corrupt */
export async function lastLetters(
  ports: Pick<Ports, 'store'>,
  table: LoadedTable,
  query: LettersQuery,
  after: LetterPlace | undefined,
  limit: number,
): Promise<DeadLetter[]> {
  const to = after && after.time < query.to ? after.time + 1n : query.to
  const files = (await lettersFiles(ports, table, { ...query, to })).map(file => ({
    key: file.key,
    newest: timesIn(DLQ_TABLE, file, 'error_timestamp')?.to ?? to,
  }))
  files.sort((a, b) => compare(b.newest, a.newest))
  let found: (LetterPlace & { readonly key: string; readonly row: number })[] = []
  for (const { key, newest } of files) {
    // No file behind this one has a record as new as the last that is wanted.
    if (found.length === limit && newest < found[limit - 1].time) break
    const { rows, values } = await readColumns(key, await ports.store.get(key), [...PLACE, 'error_type'], DLQ_TABLE)
    for (let row = 0; row < rows; row++) {
      const place = placeOf(values, row)
      if (!isWanted(query, values, row) || (after && byNewest(place, after) <= 0)) continue
      found.push({ ...place, key, row })
    }
    found = found.sort(byNewest).slice(0, limit)
  }
  const letters = new Map<object, DeadLetter>()
  for (const [key, some] of Map.groupBy(found, each => each.key)) {
    const columns = ['raw_record', 'error_reason', 'error_type', 'bronze_source', 'schema_id']
    const { values } = await readColumns(key, await ports.store.get(key), columns, DLQ_TABLE)
    for (const each of some) letters.set(each, letterOf(each, values, each.row))
  }
  return found.flatMap(each => letters.get(each) ?? [])
}

function letterOf(place: LetterPlace, values: Record<string, ColumnValues>, row: number): DeadLetter {
  const schemaId = values.schema_id[row] as number | null
  return {
    ...{ time: place.time, exchange: place.exchange, epoch: place.epoch, partition: place.partition },
    ...{ offset: place.offset, schemaId: schemaId ?? undefined, raw: values.raw_record[row] as Uint8Array | null },
    errorType: String(values.error_type[row]),
    errorReason: String(values.error_reason[row]),
    source: String(values.bronze_source[row]),
  }
}

function placeOf(values: Record<string, ColumnValues>, row: number): LetterPlace {
  return {
    time: values.error_timestamp[row] as bigint,
    exchange: String(values.exchange[row]),
    epoch: Number(values.topic_epoch[row]),
    partition: Number(values.kafka_partition[row]),
    offset: values.kafka_offset[row] as bigint,
  }
}

function byNewest(a: LetterPlace, b: LetterPlace): number {
  return (
    compare(b.time, a.time) ||
    compare(a.exchange, b.exchange) ||
    b.epoch - a.epoch ||
    a.partition - b.partition ||
    compare(b.offset, a.offset)
  )
}

function isWanted(
  { from, to, exchanges, errorTypes }: LettersQuery,
  values: Record<string, ColumnValues>,
  row: number,
) {
  const time = values.error_timestamp[row] as bigint
  const isOf = (names: readonly string[], name: unknown) => names.length === 0 || names.includes(String(name))
  return time >= from && time < to && isOf(exchanges, values.exchange[row]) && isOf(errorTypes, values.error_type[row])
}

export interface LetterCount {
  readonly exchange: string
  readonly errorType: string
  /** Microseconds since 1970. */
  readonly windowStart: bigint
  readonly windowEnd: bigint
  readonly count: number
}

/** How many there are by exchange, what was wrong and window; the oldest first, and where there are none there is no row. @throws Corrupt */
export async function countLetters(
  ports: Pick<Ports, 'store'>,
  table: LoadedTable,
  query: LettersQuery,
  windows: Windows,
): Promise<LetterCount[]> {
  const counts = new Map<string, { -readonly [Key in keyof LetterCount]: LetterCount[Key] }>()
  for (const { key } of await lettersFiles(ports, table, query)) {
    const { rows, values } = await readColumns(key, await ports.store.get(key), WHAT, DLQ_TABLE)
    for (let row = 0; row < rows; row++) {
      if (!isWanted(query, values, row)) continue
      const [exchange, errorType] = [String(values.exchange[row]), String(values.error_type[row])]
      const windowStart = windows.startOf(values.error_timestamp[row] as bigint)
      const name = `${windowStart} ${exchange} ${errorType}`
      const known = counts.get(name)
      if (known) known.count++
      else counts.set(name, { exchange, errorType, windowStart, windowEnd: windows.endOf(windowStart), count: 1 })
    }
  }
  return [...counts.values()].sort(
    (a, b) =>
      compare(a.windowStart, b.windowStart) || compare(a.exchange, b.exchange) || compare(a.errorType, b.errorType),
  )
}

/** The files that may have records of a time. @throws Corrupt */
export function lettersFiles(
  ports: Pick<Ports, 'store'>,
  table: LoadedTable,
  { from, to, snapshotId }: Pick<LettersQuery, 'from' | 'to'> & Partial<Pick<LettersQuery, 'snapshotId'>>,
) {
  const where = [
    { column: 'error_timestamp', ranges: [{ lower: from, upper: to }] },
    { column: 'dlq_date', ranges: [{ lower: Number(from / DAY_MICROS), upper: Number(to / DAY_MICROS) }] },
  ]
  return planFiles(ports, table, { where, snapshotId })
}

const TYPES = { trade: avroType(TRADE_SCHEMA), wide: avroType(WIDE_TRADE_SCHEMA) }

/**
 * The trade that a record says, field by field, longs as text; undefined where it is none. `ids`: the schemas that the lake's records name;
 * without them nothing says how many of the digits of price and quantity stand behind the point, and they are given in units.
 */
export function decodedTrade(
  raw: Uint8Array,
  ids: SchemaIds | undefined,
): Readonly<Record<string, unknown>> | undefined {
  if (raw[0] !== MAGIC_BYTE || raw.length < FRAME_BYTES) return undefined
  const record = Buffer.from(raw)
  const id = record.readInt32BE(1)
  const schema = ids === undefined || id === ids.trade ? 'trade' : id === ids.wide ? 'wide' : undefined
  if (schema === undefined) return undefined
  const layout = ids && { trade: NARROW, wide: WIDE }[schema]
  try {
    // Both schemas have the same fields in the same form.
    return fieldsOf(TYPES[schema].fromBuffer(record.subarray(FRAME_BYTES)), layout)
  } catch {
    return undefined
  }
}

function fieldsOf(trade: Readonly<Record<string, unknown>>, layout: TradeLayout | undefined): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(trade).map(([name, value]) => {
      if ((name !== 'price' && name !== 'quantity') || !(value instanceof Uint8Array))
        return [name, typeof value === 'bigint' ? String(value) : value]
      const units = signedOf(value)
      return layout ? [name, formatDecimal(units, layout[name].scale)] : [`${name}_units`, String(units)]
    }),
  )
}

/** Two's complement, the highest byte first (Avro specification, "Decimal"). */
const signedOf = (bytes: Uint8Array): bigint =>
  BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).toString('hex') || '0'}`))
