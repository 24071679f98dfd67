/** What the rows of each table are made from, as data: for those who follow data through the lake (docs/lineage.md). */
import type { Exchange } from './exchanges.ts'
import { recordStreams } from './streams.ts'
import { bronzeTable, candleTable, DATA_LOSSES_TABLE, DLQ_TABLE, GOLD_TABLE, silverTable } from './tables.ts'
import { TIMEFRAMES } from './timeframes.ts'

export interface Origin {
  /** The stage that makes the rows. */
  readonly stage: string
  /** The tables that it reads for them, and the Kafka topics. */
  readonly tables: readonly string[]
  readonly topics: readonly string[]
}

/** Each table's origin, by its name, in a lake with these exchanges. */
export function originsOf(exchanges: readonly Exchange[]): ReadonlyMap<string, Origin> {
  const bronze = exchanges.map(exchange => bronzeTable(exchange).name)
  const silver = exchanges.map(exchange => silverTable(exchange).name)
  const candles = TIMEFRAMES.map(timeframe => candleTable(timeframe).name)
  return new Map([
    ...recordStreams(exchanges).map(({ table, topic }) => [table.name, from('bronze', [], [topic])] as const),
    ...silver.map((name, i) => [name, from('silver', [bronze[i]])] as const),
    [DLQ_TABLE.name, from('silver', bronze)],
    [GOLD_TABLE.name, from('gold', silver)],
    // Candles of a longer time are folded from those of the time below it, and from trades where those were dropped.
    ...candles.map((name, i) => [name, from('candles', [GOLD_TABLE.name, ...candles.slice(i - 1, i)])] as const),
    [DATA_LOSSES_TABLE.name, from('repair', [])],
  ])
}

function from(stage: string, tables: readonly string[], topics: readonly string[] = []): Origin {
  return { stage, tables, topics }
}

/** How a column's values come from another's, in OpenLineage's terms (columnLineage facet 1-2-0, "transformations"). */
export type Derivation = 'IDENTITY' | 'TRANSFORMATION' | 'AGGREGATION' | 'CONDITIONAL'

/** A column that another one's values are made from: the column's name, and how. */
export type ColumnOrigin = readonly [column: string, derivation: Derivation]

const FROM_TIME: readonly ColumnOrigin[] = [['timestamp', 'TRANSFORMATION']]

/** What the columns of Gold are made from: columns of Silver. One that is made from the whole trade is of no column. */
const GOLD_FROM_SILVER: Readonly<Record<string, readonly ColumnOrigin[]>> = Object.fromEntries(
  GOLD_TABLE.columns.flatMap(({ name, from: origin }): [string, readonly ColumnOrigin[]][] => {
    if (origin === 'silver') return [[name, [[name, 'IDENTITY']]]]
    return origin === 'time' ? [[name, FROM_TIME]] : []
  }),
)

const ONE_PRICE: readonly ColumnOrigin[] = [['price', 'AGGREGATION']]
const QUANTITIES: readonly ColumnOrigin[] = [['quantity', 'AGGREGATION']]
const AMOUNTS: readonly ColumnOrigin[] = [...ONE_PRICE, ...QUANTITIES]
const IF_BOUGHT: ColumnOrigin = ['side', 'CONDITIONAL']
const TRADE_TIME: readonly ColumnOrigin[] = [['timestamp', 'AGGREGATION']]

/** What the columns of every candle are made from: columns of Gold (law 4). A count of rows and the candle's own times are of none. */
const CANDLES_FROM_GOLD: Readonly<Record<string, readonly ColumnOrigin[]>> = {
  symbol: [['symbol', 'IDENTITY']],
  exchange: [['exchange', 'IDENTITY']],
  window_start: FROM_TIME,
  window_end: FROM_TIME,
  window_date: FROM_TIME,
  open_price: ONE_PRICE,
  high_price: ONE_PRICE,
  low_price: ONE_PRICE,
  close_price: ONE_PRICE,
  volume: QUANTITIES,
  vwap: AMOUNTS,
  quote_volume: AMOUNTS,
  taker_buy_volume: [...QUANTITIES, IF_BOUGHT],
  taker_buy_quote_volume: [...AMOUNTS, IF_BOUGHT],
  first_trade_time: TRADE_TIME,
  last_trade_time: TRADE_TIME,
}

/** What a table's columns are made from: `tables` all have the named columns. Undefined where that is not written down. */
export function columnOriginsOf(
  table: string,
  exchanges: readonly Exchange[],
):
  | { readonly tables: readonly string[]; readonly columns: Readonly<Record<string, readonly ColumnOrigin[]>> }
  | undefined {
  if (table === GOLD_TABLE.name)
    return { tables: exchanges.map(exchange => silverTable(exchange).name), columns: GOLD_FROM_SILVER }
  if (TIMEFRAMES.some(timeframe => candleTable(timeframe).name === table))
    return { tables: [GOLD_TABLE.name], columns: CANDLES_FROM_GOLD }
  return undefined
}
