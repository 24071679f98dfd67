/**
 * Candles straight from Gold's trades: the sums by SQL; of trades at one time, their ids say which is first or last.
 */
import { type Candle, candleKey, compareTradeIds, windowOf } from '../../domain/candles.ts'
import { PRICE_SCALE, parseDecimal, QUANTITY_SCALE, QUOTE_SCALE } from '../../domain/decimal.ts'
import { Corrupt } from '../../domain/errors.ts'
import type { Ports, SqlRow } from '../../domain/ports.ts'
import { rangesAround } from '../../domain/ranges.ts'
import type { LoadedTable } from '../../iceberg/catalog.ts'
import { scanGold } from '../../tables/gold.ts'

const QUOTE = 'price * quantity'

/** The candles of these windows (their starts, microseconds since 1970); no candle where Gold has no trade. */
export async function candlesFromGold(
  ports: Ports,
  gold: LoadedTable,
  windows: ReadonlySet<bigint>,
  length: bigint,
): Promise<Candle[]> {
  const scans = await scanGold(ports, gold, rangesAround(windows, length))
  if (scans.length === 0) return []
  const session = await ports.engine.session()
  try {
    const columns = `symbol, exchange, epoch_us("timestamp") AS micros, trade_id, price, quantity, side`
    const trades = `(${scans.map(scan => scan.select(columns)).join(' UNION ALL ')})`
    await session.run(`CREATE TEMP TABLE sums AS SELECT symbol, exchange, micros // ${length} AS number, count(*) AS trades,
      min(micros) AS first_micros, max(micros) AS last_micros, min(price) AS low, max(price) AS high, sum(quantity) AS volume,
      sum(${QUOTE}) AS quote_volume, coalesce(sum(quantity) FILTER (side = 'BUY'), 0) AS buy_volume,
      coalesce(sum(${QUOTE}) FILTER (side = 'BUY'), 0) AS buy_quote_volume FROM ${trades} GROUP BY ALL`)
    const edges = edgePrices(
      await session.run(`SELECT t.symbol, t.exchange, t.micros, t.trade_id, t.price FROM ${trades} AS t SEMI JOIN
        (SELECT symbol, exchange, first_micros AS micros FROM sums UNION SELECT symbol, exchange, last_micros FROM sums) AS s
        ON t.symbol = s.symbol AND t.exchange = s.exchange AND t.micros = s.micros`),
    )
    const sums = await session.run('SELECT * FROM sums')
    // Joined ranges also cover windows in between that nobody asked for.
    return sums.map(row => candleOf(row, edges, length)).filter(candle => windows.has(candle.windowStart))
  } finally {
    session.close()
    await ports.store.releaseLocal(scans.flatMap(scan => scan.keys))
  }
}

interface Edge {
  readonly tradeId: string
  readonly price: bigint
}

/** The first and the last trade of each symbol, exchange and time. */
function edgePrices(rows: readonly SqlRow[]): Map<string, { first: Edge; last: Edge }> {
  const edges = new Map<string, { first: Edge; last: Edge }>()
  for (const row of rows) {
    const edge = { tradeId: String(row.trade_id), price: decimal(row.price, PRICE_SCALE) }
    const key = candleKey({
      symbol: String(row.symbol),
      exchange: String(row.exchange),
      windowStart: BigInt(row.micros as bigint),
    })
    const known = edges.get(key)
    if (!known) edges.set(key, { first: edge, last: edge })
    else if (compareTradeIds(edge.tradeId, known.first.tradeId) < 0) known.first = edge
    else if (compareTradeIds(edge.tradeId, known.last.tradeId) > 0) known.last = edge
  }
  return edges
}

function candleOf(row: SqlRow, edges: ReadonlyMap<string, { first: Edge; last: Edge }>, length: bigint): Candle {
  const symbol = String(row.symbol)
  const exchange = String(row.exchange)
  const firstTradeTime = BigInt(row.first_micros as bigint)
  const lastTradeTime = BigInt(row.last_micros as bigint)
  const windowStart = windowOf(firstTradeTime, length)
  const first = edges.get(candleKey({ symbol, exchange, windowStart: firstTradeTime }))?.first
  const last = edges.get(candleKey({ symbol, exchange, windowStart: lastTradeTime }))?.last
  if (!first || !last) throw new Corrupt(`Gold changed under a query of ${symbol} on ${exchange}; run tradelake audit.`)
  return {
    symbol,
    exchange,
    windowStart,
    windowEnd: windowStart + length,
    open: first.price,
    high: decimal(row.high, PRICE_SCALE),
    low: decimal(row.low, PRICE_SCALE),
    close: last.price,
    volume: decimal(row.volume, QUANTITY_SCALE),
    tradeCount: BigInt(row.trades as bigint),
    quoteVolume: decimal(row.quote_volume, QUOTE_SCALE),
    takerBuyVolume: decimal(row.buy_volume, QUANTITY_SCALE),
    takerBuyQuoteVolume: decimal(row.buy_quote_volume, QUOTE_SCALE),
    firstTradeTime,
    lastTradeTime,
  }
}

function decimal(value: unknown, scale: number): bigint {
  const units = parseDecimal(String(value), scale)
  if (units === undefined) throw new Corrupt(`The query engine gave ${String(value)} where a decimal was asked for.`)
  return units
}
