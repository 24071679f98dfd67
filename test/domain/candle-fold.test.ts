/** The fold of trades in columns, against DuckDB's sums and a sort by hand. */
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { duckDbEngine } from '../../adapters/duckdb-engine.ts'
import { systemScratch } from '../../adapters/system.ts'
import { createCandleFold } from '../../domain/candle-fold.ts'
import type { Candle } from '../../domain/candles.ts'
import { type Batch, bytesOf, dictionaryOf } from '../../domain/columns.ts'
import { formatDecimal } from '../../domain/decimal.ts'
import { decimalsOf } from '../../domain/long-columns.ts'

const engine = await duckDbEngine({ threads: 1, memoryLimit: '300MB', tempDirectory: systemScratch().path('duckdb') })
afterAll(() => engine.close())

const MINUTE = 60_000_000n
const START = 1_795_000_020_000_000n

interface Trade {
  readonly symbol: string
  readonly exchange: string
  readonly time: bigint
  readonly id: string
  readonly price: bigint
  readonly quantity: bigint
  readonly side: string
}

function batchOf(trades: readonly Trade[]): Batch {
  return {
    rows: trades.length,
    columns: {
      symbol: dictionaryOf(trades.map(trade => trade.symbol)),
      exchange: dictionaryOf(trades.map(trade => trade.exchange)),
      timestamp: { kind: 'int64', values: BigInt64Array.from(trades, trade => trade.time) },
      trade_id: bytesOf(trades.map(trade => Buffer.from(trade.id))),
      price: decimalsOf(trades.map(trade => trade.price)),
      quantity: decimalsOf(trades.map(trade => trade.quantity)),
      side: dictionaryOf(trades.map(trade => trade.side)),
    },
  }
}

/** Candles by DuckDB, each as one line of text. */
async function oracle(trades: readonly Trade[], windows: ReadonlySet<bigint>, length: bigint): Promise<string[]> {
  if (trades.length === 0) return []
  const rows = trades.map(
    ({ symbol, exchange, time, id, price, quantity, side }) =>
      `('${symbol}', '${exchange}', ${time}::BIGINT, '${id}', ${formatDecimal(price, 10)}::DECIMAL(20,10), ${formatDecimal(quantity, 8)}::DECIMAL(22,8), '${side}')`,
  )
  // Digits without leading zeros sort as numbers if they sort by length first; an id without any comes first.
  const digits = `regexp_extract(id, '[0-9]+$')`
  const order = `(time, CASE WHEN ${digits} = '' THEN -1 ELSE length(ltrim(${digits}, '0')) END, ltrim(${digits}, '0'), id)`
  const found = await engine.run([
    `SELECT symbol, exchange, time // ${length} * ${length} AS start, arg_min(price, ${order}) AS open, max(price) AS high,
      min(price) AS low, arg_max(price, ${order}) AS close, sum(quantity) AS volume, count(*) AS trades,
      sum(price * quantity) AS quote, coalesce(sum(quantity) FILTER (side = 'BUY'), 0) AS buy,
      coalesce(sum(price * quantity) FILTER (side = 'BUY'), 0) AS buy_quote, min(time) AS first, max(time) AS last
      FROM (VALUES ${rows.join(', ')}) AS t(symbol, exchange, time, id, price, quantity, side) GROUP BY ALL`,
  ])
  return found
    .filter(row => windows.has(row.start as bigint))
    .map(row => Object.values(row).join(' '))
    .sort()
}

function textOf(candle: Candle): string {
  const price = (units: bigint) => formatDecimal(units, 10)
  return [
    candle.symbol,
    candle.exchange,
    candle.windowStart,
    ...[candle.open, candle.high, candle.low, candle.close].map(price),
    formatDecimal(candle.volume, 8),
    candle.tradeCount,
    formatDecimal(candle.quoteVolume, 18),
    formatDecimal(candle.takerBuyVolume, 8),
    formatDecimal(candle.takerBuyQuoteVolume, 18),
    candle.firstTradeTime,
    candle.lastTradeTime,
  ].join(' ')
}

function fold(batches: readonly (readonly Trade[])[], windows: ReadonlySet<bigint>, length: bigint): string[] {
  const folded = createCandleFold(windows, length)
  for (const trades of batches) folded.add(batchOf(trades))
  return folded.finish().map(textOf).sort()
}

// Notional below 10^12, as validation has it: DuckDB's sums hold that.
const anyTrade = fc
  .record({
    symbol: fc.constantFrom('BTCUSDT', 'ETHUSDT'),
    exchange: fc.constantFrom('BINANCE', 'KRAKEN'),
    time: fc.oneof(fc.bigInt(0n, 3n), fc.bigInt(0n, 4n * MINUTE)).map(offset => START + offset),
    id: fc.oneof(
      fc.nat(120).map(number => `BINANCE-${number}`),
      fc.constantFrom('KRAKEN-00ab', 'KRAKEN-7f', 'K-007', 'K-7', 'BINANCE-99999999999999999999', 'K-9007199254740993'),
    ),
    price: fc.oneof(fc.bigInt(1n, 1000n), fc.bigInt(1n, 10n ** 15n), fc.bigInt(1n, 10n ** 20n - 1n)),
    quantity: fc.oneof(fc.bigInt(1n, 1000n), fc.bigInt(1n, 10n ** 13n), fc.bigInt(1n, 10n ** 22n - 1n)),
    side: fc.constantFrom('BUY', 'SELL'),
  })
  .filter(({ price, quantity }) => price * quantity < 10n ** 30n)
const batches = fc.array(fc.array(anyTrade, { maxLength: 30 }), { minLength: 1, maxLength: 3 })
const starts = [0n, 1n, 2n, 3n].map(minute => START + minute * MINUTE)

describe('candles of any trades, in any order and batches, are those of a query engine', () => {
  test.each([MINUTE, 5n * MINUTE, 1_440n * MINUTE])('in windows of %i microseconds', async length => {
    await fc.assert(
      fc.asyncProperty(batches, fc.subarray(starts, { minLength: 1 }), async (trades, some) => {
        const windows = new Set(some.map(start => (start / length) * length))
        expect(fold(trades, windows, length)).toEqual(await oracle(trades.flat(), windows, length))
      }),
      { numRuns: 150 },
    )
  })

  test('sums of many trades stay exact: two hundred thousand of the largest that 64 bits hold', () => {
    const most = 2n ** 63n - 1n
    const trades = Array.from(
      { length: 50_000 },
      (_, i): Trade => ({
        symbol: 'BTCUSDT',
        exchange: 'BINANCE',
        time: START + BigInt(i),
        id: `BINANCE-${i}`,
        price: most - BigInt(i % 7),
        quantity: most - BigInt(i % 5),
        side: i % 3 === 0 ? 'BUY' : 'SELL',
      }),
    )
    const folded = createCandleFold(new Set([START]), MINUTE)
    for (let i = 0; i < 4; i++) folded.add(batchOf(trades))
    const [candle, ...others] = folded.finish()
    expect(others).toEqual([])
    const sum = (of: (trade: Trade) => bigint) => 4n * trades.reduce((total, trade) => total + of(trade), 0n)
    expect(candle).toMatchObject({
      volume: sum(trade => trade.quantity),
      quoteVolume: sum(trade => trade.price * trade.quantity),
      takerBuyVolume: sum(trade => (trade.side === 'BUY' ? trade.quantity : 0n)),
      takerBuyQuoteVolume: sum(trade => (trade.side === 'BUY' ? trade.price * trade.quantity : 0n)),
      tradeCount: 200_000n,
      high: most,
      low: most - 6n,
    })
  })

  test('times beyond 2^53 are told apart to the microsecond', () => {
    const late = 253_402_300_740_000_000n
    const trade = { symbol: 'A', exchange: 'B', id: 'B-1', quantity: 1n, side: 'BUY' }
    const trades = [
      { ...trade, time: late + 2n, price: 2n },
      { ...trade, time: late + 1n, price: 1n },
      { ...trade, time: late - 1n, price: 9n },
    ]
    expect(fold([trades], new Set([late]), MINUTE)).toEqual([
      `A B ${late} 0.0000000001 0.0000000002 0.0000000001 0.0000000002 0.00000002 2 0.000000000000000003 0.00000002 0.000000000000000003 ${late + 1n} ${late + 2n}`,
    ])
  })
})
