/** Gold's trades in columns, for readers who ask for the same hours again and again: no object for a row that nobody wants. */
import { marketKey } from '../domain/candles.ts'
import {
  type BigDecimalColumn,
  type BytesColumn,
  type DictionaryColumn,
  type Int64Column,
  numbersOf,
} from '../domain/columns.ts'
import type { Ports } from '../domain/ports.ts'
import type { TimeRange } from '../domain/ranges.ts'
import { GOLD_TABLE } from '../domain/tables.ts'
import { type TradeIds, tradeIdsOf } from '../domain/trade-ids.ts'
import { cachePerStore } from '../iceberg/cache.ts'
import { readGroups, sourceOf } from '../iceberg/parquet/batch.ts'
import type { DataFile } from '../iceberg/types.ts'
import { mayHold, openGoldFile, WHOLE_BYTES } from './gold.ts'

interface GoldMarket {
  readonly exchange: string
  readonly symbol: string
  /** Its `marketKey`. */
  readonly key: string
}

/** Rows of a file, by their times. */
export interface GoldColumns {
  readonly rows: number
  readonly markets: readonly GoldMarket[]
  /** Each row's place among the markets. */
  readonly market: Uint16Array
  /** Microseconds since 1970, which 53 bits hold until the year 2255. */
  readonly times: Float64Array
  /** Units of 10^-10 and of 10^-8. */
  readonly prices: ArrayLike<bigint>
  readonly quantities: ArrayLike<bigint>
  readonly isBuy: Uint8Array
  readonly ids: TradeIds
}

/** Decoded files that a process keeps, in bytes: some two million trades. */
const MAX_CACHED_BYTES = 112 * 1024 * 1024
const cached = cachePerStore<readonly GoldColumns[]>(MAX_CACHED_BYTES)
/** What a row takes besides its id and a decimal that 64 bits do not hold. */
const ROW_BYTES = 8 + 8 + 8 + 4 + 2 + 1
const WIDE_BYTES = 48

const COLUMNS = ['symbol', 'exchange', 'timestamp', 'trade_id', 'price', 'quantity', 'side']
const PLAIN = new Set(['trade_id'])

/**
 * The parts of a file that may hold rows of the range. A file of many hours' size is read in part and not kept.
 * @throws Corrupt; NotFound
 */
export async function readGoldColumns(
  ports: Pick<Ports, 'store'>,
  file: DataFile,
  range: TimeRange,
): Promise<readonly GoldColumns[]> {
  if (file.bytes > WHOLE_BYTES) {
    const parts: GoldColumns[] = []
    const keep = (group: Parameters<typeof mayHold>[0]) => mayHold(group, range)
    const source = await openGoldFile(ports, file)
    for await (const batch of readGroups(GOLD_TABLE, source, { columns: COLUMNS, plain: PLAIN, keep }))
      parts.push(columnsOf(batch).columns)
    return parts
  }
  const known = cached(ports.store).get(file.key)
  if (known) return known
  const parts: GoldColumns[] = []
  let weight = 0
  const source = sourceOf(file.key, await ports.store.get(file.key))
  for await (const batch of readGroups(GOLD_TABLE, source, { columns: COLUMNS, plain: PLAIN })) {
    const part = columnsOf(batch)
    parts.push(part.columns)
    weight += part.bytes
  }
  cached(ports.store).set(file.key, parts, weight)
  return parts
}

type GoldBatch = Awaited<ReturnType<ReturnType<typeof readGroups>['next']>>['value']

function columnsOf({ rows, columns }: GoldBatch): { readonly columns: GoldColumns; readonly bytes: number } {
  const [exchange, symbol, side] = [columns.exchange, columns.symbol, columns.side] as DictionaryColumn<string>[]
  const [price, quantity] = [columns.price, columns.quantity] as (Int64Column | BigDecimalColumn)[]
  const id = columns.trade_id as BytesColumn
  const buy = side.entries.indexOf('BUY')
  const markets: GoldMarket[] = []
  const places = new Int32Array(exchange.entries.length * symbol.entries.length).fill(-1)
  const market = new Uint16Array(rows)
  const isBuy = new Uint8Array(rows)
  for (let row = 0; row < rows; row++) {
    const pair = exchange.indexes[row] * symbol.entries.length + symbol.indexes[row]
    if (places[pair] < 0) {
      places[pair] = markets.length
      const [code, name] = [exchange.entries[exchange.indexes[row]], symbol.entries[symbol.indexes[row]]]
      markets.push({ exchange: code, symbol: name, key: marketKey(code, name) })
    }
    market[row] = places[pair]
    isBuy[row] = side.indexes[row] === buy ? 1 : 0
  }
  const wide = [price, quantity].filter(({ kind }) => kind === 'bigdecimal').length
  return {
    columns: {
      ...{ rows, markets, market, isBuy },
      times: numbersOf((columns.timestamp as Int64Column).values),
      prices: price.values,
      quantities: quantity.values,
      ids: tradeIdsOf(id, rows),
    },
    bytes: rows * (ROW_BYTES + wide * WIDE_BYTES) + id.plain.length,
  }
}
