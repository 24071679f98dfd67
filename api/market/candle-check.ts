/** Law 4 for readers: whether the candles of an hour are those that its trades give, worked out again from Gold. */
import { type Candle, candleKey, sameCandle, windowOf } from '../../domain/candles.ts'
import { SETTLED_AFTER } from '../../domain/closed-windows.ts'
import type { Ports } from '../../domain/ports.ts'
import { candleTable, GOLD_TABLE } from '../../domain/tables.ts'
import { HOUR_MICROS, MINUTE_MICROS } from '../../domain/time.ts'
import { TIMEFRAMES } from '../../domain/timeframes.ts'
import { parseWindows, type Windows } from '../../domain/windows.ts'
import { cachePerStore } from '../../iceberg/cache.ts'
import { type LoadedTable, openTable } from '../../iceberg/catalog.ts'
import { currentSnapshot } from '../../iceberg/metadata.ts'
import { findCandles } from './candles.ts'
import { marketsOf } from './markets.ts'
import { goldFiles, rowsOf, type TradeRange, type TradeRow, tradesOf } from './trades.ts'

const MOST_NAMED = 10

/** The last whole hour that is settled. @throws Corrupt */
export async function checkCandles(ports: Pick<Ports, 'store' | 'state'>, now: bigint) {
  const to = windowOf(now - SETTLED_AFTER, HOUR_MICROS)
  const from = to - HOUR_MICROS
  const [gold, minutes] = await Promise.all([
    openTable(ports, GOLD_TABLE),
    openTable(ports, candleTable(TIMEFRAMES[0])),
  ])
  const [goldNow, minutesNow] = [gold && currentSnapshot(gold.metadata), minutes && currentSnapshot(minutes.metadata)]
  const about = { start: text(from), end: text(to) }
  if (!gold || !minutes || !goldNow || !minutesNow)
    return { ...about, trades: 0, candles: 0, differing: 0, holds: true, examples: [] }
  const markets = await marketsOf(ports)
  const range = { markets, from, to, snapshotId: goldNow['snapshot-id'] }
  const { folded, trades } = await foldTrades(ports, gold, range)
  const windows = parseWindows('1m') as Windows
  const stored = await findCandles(ports, minutes, {
    windows,
    markets,
    from,
    to,
    snapshotId: minutesNow['snapshot-id'],
  })
  const byKey = new Map(stored.map(candle => [candleKey(candle), candle]))
  const keys = [...new Set([...folded.keys(), ...byKey.keys()])]
  const differing = keys.filter(key => {
    const [one, other] = [folded.get(key), byKey.get(key)]
    return !one || !other || !sameCandle(one, other)
  })
  return {
    ...about,
    ...{ trades, candles: stored.length, differing: differing.length, holds: differing.length === 0 },
    examples: differing.slice(0, MOST_NAMED).map(key => {
      const candle = folded.get(key) ?? byKey.get(key)
      return candle && { exchange: candle.exchange, symbol: candle.symbol, start: text(candle.windowStart) }
    }),
  }
}

interface Fold {
  /** Minutes, by their keys. */
  readonly folded: ReadonlyMap<string, Candle>
  readonly trades: number
}

/** An hour's candles take some kilobytes; who looks at a lake asks again every few seconds. */
const MOST_FOLDS = 8
const folds = cachePerStore<Fold>(MOST_FOLDS)

/** Minutes that trades make, worked out once for as long as the same files hold them. */
async function foldTrades(ports: Pick<Ports, 'store' | 'state'>, gold: LoadedTable, range: TradeRange): Promise<Fold> {
  const files = await goldFiles(ports, gold, range)
  const key = [range.from, ...files.map(file => file.key)].join()
  const known = folds(ports.store).get(key)
  if (known) return known
  const folded = new Map<string, Candle>()
  let trades = 0
  for await (const batch of tradesOf(ports, files, range)) {
    for (const row of rowsOf(batch)) add(folded, row)
    trades += batch.count
  }
  const fold = { folded, trades }
  folds(ports.store).set(key, fold, 1)
  return fold
}

const text = (micros: bigint) => new Date(Number(micros / 1000n)).toISOString()

/** Trades come in the order of time, then number: the last one makes the close. */
function add(candles: Map<string, Candle>, { exchange, symbol, time, price, quantity, side }: TradeRow): void {
  const windowStart = windowOf(time, MINUTE_MICROS)
  const key = candleKey({ exchange, symbol, windowStart })
  const before = candles.get(key)
  const quote = price * quantity
  const isBuy = side === 'BUY'
  candles.set(key, {
    ...{ exchange, symbol, windowStart, windowEnd: windowStart + MINUTE_MICROS },
    open: before?.open ?? price,
    high: before && before.high > price ? before.high : price,
    low: before && before.low < price ? before.low : price,
    close: price,
    volume: (before?.volume ?? 0n) + quantity,
    tradeCount: (before?.tradeCount ?? 0n) + 1n,
    quoteVolume: (before?.quoteVolume ?? 0n) + quote,
    takerBuyVolume: (before?.takerBuyVolume ?? 0n) + (isBuy ? quantity : 0n),
    takerBuyQuoteVolume: (before?.takerBuyQuoteVolume ?? 0n) + (isBuy ? quote : 0n),
    firstTradeTime: before?.firstTradeTime ?? time,
    lastTradeTime: time,
  })
}
