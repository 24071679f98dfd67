/**
 * Trades before they are in Gold: the files that Silver has handed over and Gold has not taken. What Gold has to do is listed before
 * Gold's pointer is read. In the other order a commit in between would take files from the list that the older Gold has not: this way
 * they are seen twice, and a trade that is there twice is found by the rule for repeats.
 */
import { marketKey } from '../../domain/candles.ts'
import type { BytesColumn, Int64Column } from '../../domain/columns.ts'
import { sumOf } from '../../domain/counts.ts'
import { NotFound } from '../../domain/errors.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import type { SilverFile, SilverFiles } from '../../domain/handover.ts'
import { listPendingOf } from '../../domain/pending.ts'
import type { Ports } from '../../domain/ports.ts'
import { LINEAGE_COLUMNS } from '../../domain/repeats.ts'
import { wholeShare } from '../../domain/shares.ts'
import { GOLD_TABLE, silverTable } from '../../domain/tables.ts'
import { rowStarts, takeRows } from '../../domain/take.ts'
import { type LoadedTable, openTable } from '../../iceberg/catalog.ts'
import { currentSnapshot } from '../../iceberg/metadata.ts'
import { readBatch } from '../../iceberg/parquet/batch.ts'
import { planGold } from '../../tables/gold.ts'
import { columnsOf, type TradeColumns } from '../../tables/gold-columns.ts'
import { findRepeated, minutesOf } from '../../tables/gold-repeats.ts'
import { readSilverFile } from '../../tables/silver.ts'
import type { Markets } from './markets.ts'
import { problem } from './problems.ts'

export interface FreshTrades {
  readonly gold: LoadedTable | undefined
  readonly snapshotId: number | undefined
  /** Those that this snapshot has not, each once; undefined where it has all. */
  readonly trades: TradeColumns | undefined
}

type ReadPorts = Pick<Ports, 'store' | 'state'>

/** Every exchange's table has the same columns. */
const SILVER = silverTable(EXCHANGES[0])
const PLAIN = new Set(['message_id', 'trade_id'])
const COLUMNS = [
  ...new Set([
    'message_id',
    'symbol',
    'exchange',
    'timestamp',
    'trade_id',
    'price',
    'quantity',
    'side',
    ...LINEAGE_COLUMNS,
  ]),
]
/** A backlog of some minutes; what is more takes Gold itself several commits. */
const MOST_ROWS = 1_000_000

/** `ports` must read the state as it is: an answer that is a moment old would be the wrong order. @throws Problem 503; Corrupt */
export async function readFresh(ports: ReadPorts): Promise<FreshTrades> {
  const waiting = await waitingFiles(ports)
  const gold = await openTable(ports, GOLD_TABLE)
  const snapshotId = gold && currentSnapshot(gold.metadata)?.['snapshot-id']
  const rows = sumOf(waiting, ({ records }) => records)
  if (rows > MOST_ROWS)
    throw problem(503, `Gold is behind by ${rows} trades: ask without fresh, or again in some minutes.`, 'fresh')
  return { gold, snapshotId, trades: await withoutGold(ports, waiting, gold, snapshotId) }
}

async function waitingFiles(ports: ReadPorts): Promise<readonly SilverFile[]> {
  try {
    const items = await listPendingOf<SilverFiles>(ports, wholeShare(EXCHANGES).goldLists)
    return items.flatMap(({ payload }) => payload.files)
  } catch (error) {
    // A large item's payload is an object, which is gone once Gold has taken the item.
    if (!(error instanceof NotFound)) throw error
    return (await listPendingOf<SilverFiles>(ports, wholeShare(EXCHANGES).goldLists)).flatMap(
      ({ payload }) => payload.files,
    )
  }
}

async function withoutGold(
  ports: ReadPorts,
  files: readonly SilverFile[],
  gold: LoadedTable | undefined,
  snapshotId: number | undefined,
): Promise<TradeColumns | undefined> {
  if (files.length === 0) return undefined
  const sources = await Promise.all(files.map(file => readSilverFile(ports, file)))
  const batch = await readBatch(SILVER, sources, { columns: COLUMNS, plain: PLAIN })
  const starts = {
    message_id: rowStarts(batch.columns.message_id as BytesColumn, batch.rows),
    trade_id: rowStarts(batch.columns.trade_id as BytesColumn, batch.rows),
  }
  const repeated = await findRepeated(
    ports,
    async range => (gold && snapshotId !== undefined ? planGold(ports, gold, range, { snapshotId }) : []),
    ...([batch, starts.message_id, minutesOf((batch.columns.timestamp as Int64Column).values)] as const),
  )
  const rows = Uint32Array.from(Array(batch.rows).keys()).filter(row => repeated[row] === 0)
  return rows.length === 0 ? undefined : columnsOf(takeRows(batch, rows, starts))
}

/** The markets that there are when these trades are in Gold too. */
export function withMarkets(known: Markets, { rows, exchange, symbol, times }: TradeColumns): Markets {
  const all = new Map(known)
  for (let row = 0; row < rows; row++) {
    const market = { exchange: exchange.entries[exchange.indexes[row]], symbol: symbol.entries[symbol.indexes[row]] }
    const key = marketKey(market.exchange, market.symbol)
    const time = BigInt(times[row])
    if (!all.has(key)) all.set(key, { ...market, firstTrade: time, lastTrade: time })
  }
  return new Map([...all].sort(([a], [b]) => (a < b ? -1 : 1)))
}
