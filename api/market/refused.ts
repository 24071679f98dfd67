/** Numbers of trades that came and were refused: what the records say that Silver put into the DLQ. */
import { marketKey } from '../../domain/candles.ts'
import { compare } from '../../domain/order.ts'
import type { Ports } from '../../domain/ports.ts'
import { DLQ_TABLE } from '../../domain/tables.ts'
import { HOUR_MICROS } from '../../domain/time.ts'
import type { SchemaIds } from '../../domain/wire.ts'
import { cachePerStore } from '../../iceberg/cache.ts'
import { type LoadedTable, openTable } from '../../iceberg/catalog.ts'
import { currentSnapshot } from '../../iceberg/metadata.ts'
import { readColumns } from '../../iceberg/parquet/read.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { timesIn } from '../../tables/file-times.ts'
import { TURN_ROWS, turn } from '../http/turns.ts'
import { type AsOf, CURRENT, nowOf, pinnedIn } from './as-of.ts'
import { decodedTrade, lettersFiles } from './dead-letters.ts'
import { FAR_AHEAD, numberIn } from './trades.ts'

/** By market, as `marketKey` names it: ascending, each once. */
export type RefusedNumbers = ReadonlyMap<string, Float64Array>

/** What one file says of one market, row by row; times of refusal in microseconds since 1970. */
interface Numbered {
  readonly numbers: Float64Array
  readonly times: Float64Array
}

/** So many records of a file are looked at too, the newest: to read one takes some microseconds. */
const MOST_RECORDS = 100_000
const MAX_CACHED_BYTES = 16 * 1024 * 1024
const BYTES_OF_ONE = 16
/** What a market's two arrays take besides. */
const BYTES_OF_MARKET = 300
const cached = cachePerStore<ReadonlyMap<string, Numbered>>(MAX_CACHED_BYTES)

/** Clocks of exchanges and of this lake differ; a record is refused after its trade took place. */
const MARGIN = HOUR_MICROS

/**
 * The numbers that had been refused in a state, of trades since `since` (microseconds since 1970). Of a time, and of a pin that does not hold
 * the DLQ, those rows are taken that say they had been refused by then, of the first snapshot behind it: older ones are soon gone. A record
 * that is no trade, or has no number, is left out; and so are records behind the newest `most`, but for those of a file that has some of these.
 * @throws Corrupt
 */
export async function refusedNumbers(
  ports: Pick<Ports, 'store' | 'state' | 'clock'>,
  asOf: AsOf,
  since: bigint,
  schemaIds: SchemaIds | undefined,
  most = MOST_RECORDS,
): Promise<RefusedNumbers> {
  const table = await openTable(ports, DLQ_TABLE)
  const pinned = table && asOf.pin !== undefined ? pinnedIn(table, asOf.pin) : undefined
  const snapshot = pinned ?? (table && snapshotAt(table, asOf.timeMs))
  if (!table || !snapshot) return new Map()
  const from = since > MARGIN ? since - MARGIN : 0n
  // What is there now, or is pinned, counts whole, though it was refused by a clock that is ahead.
  const isWhole = pinned !== undefined || asOf.timeMs === undefined
  const to = isWhole ? nowOf(CURRENT, ports) + FAR_AHEAD : nowOf(asOf, ports) + 1n
  const files = await lettersFiles(ports, table, { from, to, snapshotId: snapshot['snapshot-id'] })
  const found = new Map<string, number[]>()
  for (const file of newestOf(files, to, most))
    for (const [key, { numbers, times }] of await numbersIn(ports, file, schemaIds, most)) {
      const known = found.get(key) ?? []
      numbers.forEach((number, place) => {
        if (times[place] >= from && times[place] < to) known.push(number)
      })
      found.set(key, known)
    }
  return new Map([...found].map(([key, numbers]) => [key, Float64Array.from(new Set(numbers)).sort()]))
}

function snapshotAt({ metadata }: LoadedTable, timeMs: number | undefined) {
  const behind = timeMs === undefined ? undefined : metadata.snapshots.find(each => each['timestamp-ms'] >= timeMs)
  return behind ?? currentSnapshot(metadata)
}

/** As many files as have the newest records that are looked at. */
function newestOf(files: readonly DataFile[], to: bigint, most: number): DataFile[] {
  const newest = new Map(files.map(file => [file, timesIn(DLQ_TABLE, file, 'error_timestamp')?.to ?? to]))
  const sorted = [...newest.keys()].sort((a, b) => compare(newest.get(b) ?? to, newest.get(a) ?? to))
  let left = most
  return sorted.filter(({ records }) => {
    const isWanted = left > 0
    left -= records
    return isWanted
  })
}

async function numbersIn(
  { store }: Pick<Ports, 'store'>,
  { key }: DataFile,
  ids: SchemaIds | undefined,
  most: number,
): Promise<ReadonlyMap<string, Numbered>> {
  const name = `${key} ${ids?.trade} ${ids?.wide} ${most}`
  const known = cached(store).get(name)
  if (known) return known
  const columns = ['exchange', 'error_timestamp', 'raw_record']
  const { rows, values } = await readColumns(key, await store.get(key), columns, DLQ_TABLE)
  const times = Float64Array.from(values.error_timestamp, Number)
  const newest = Array.from({ length: rows }, (_, row) => row).sort((a, b) => times[b] - times[a])
  const found = new Map<string, { numbers: number[]; times: number[] }>()
  for (const [place, row] of newest.slice(0, most).entries()) {
    if (place % TURN_ROWS === 0) await turn()
    const raw = values.raw_record[row] as Uint8Array | null
    const trade = raw ? decodedTrade(raw, ids) : undefined
    const number = numberIn(String(trade?.trade_id))
    if (!trade || !(number >= 0)) continue
    const market = marketKey(String(values.exchange[row]), String(trade.symbol))
    const some = found.get(market) ?? { numbers: [], times: [] }
    some.numbers.push(number)
    some.times.push(times[row])
    found.set(market, some)
  }
  const read = new Map(
    [...found].map(([market, some]) => [
      market,
      { numbers: Float64Array.from(some.numbers), times: Float64Array.from(some.times) },
    ]),
  )
  const weight = [...read.values()].reduce((sum, { numbers }) => sum + numbers.length * BYTES_OF_ONE, 0)
  cached(store).set(name, read, weight + read.size * BYTES_OF_MARKET)
  return read
}
