/** Adding an exchange takes one registry entry and one decoder file: everything else follows from them. */
import { expect, onTestFinished, test } from 'vitest'
import { EXCHANGES, type Exchange } from '../../domain/exchanges.ts'
import { topicName } from '../../domain/names.ts'
import { encodeTrade } from '../../domain/wire.ts'
import { startFeeds } from '../../embedded/feeds.ts'
import type { Lake } from '../../embedded/lake.ts'
import { openMarket, serveMarket } from '../../embedded/market.ts'
import type { Decoder } from '../../feeds/decoder.ts'
import { binance } from '../../feeds/exchanges/binance.ts'
import type { Frame } from '../../feeds/frames.ts'
import { partitionOf } from '../../feeds/partitioner.ts'
import { auditLake } from '../../operations/audit/audit.ts'
import { createView, openTables } from '../../tables/views.ts'
import { SIMULATED } from '../feeds/simulator/support.ts'
import { hasFrames, NEEDS_FRAMES, recordedFrames } from '../feeds/support.ts'
import { SILENT } from '../silent-log.ts'
import { drainLake, newLake } from './support.ts'
import { BAZAAR, bazaar } from './venue.ts'

async function lakeWith(fourth: Exchange): Promise<Lake> {
  const lake = await newLake([...EXCHANGES, fourth])
  onTestFinished(() => lake.remove())
  return lake
}

async function publish(lake: Lake, exchange: Exchange, decoder: Decoder, frames: readonly Omit<Frame, 'line'>[]) {
  const records = frames.flatMap(({ json, receivedAt }) =>
    [...decoder.map(json, receivedAt)].map(trade => {
      const key = Buffer.from(trade.symbol)
      const partition = partitionOf(key, exchange.partitions)
      return { partition, key, value: encodeTrade(trade), timestamp: Number(receivedAt / 1000n) }
    }),
  )
  await lake.topics.append(topicName(exchange.name), records)
  return records.length
}

async function query(lake: Lake, sql: string) {
  const session = await lake.ports.engine.session()
  try {
    for (const table of await openTables(lake)) await session.run(await createView(lake, table))
    return await session.run(sql)
  } finally {
    session.close()
  }
}

test('a made-up exchange', async () => {
  const lake = await lakeWith(BAZAAR)
  const at = 1_790_000_000_000_000n
  const frame = (json: unknown) => ({ json: JSON.stringify(json), receivedAt: at + 5_000_000n })
  const published = await publish(lake, BAZAAR, bazaar, [
    frame(['BTC/USDT', 1, '80000.5', '0.25', 'bought', Number(at)]),
    frame(['BTC/USDT', 2, '80001', '0.5', 'sold', Number(at + 1_000_000n)]),
    frame(['BTC/USDT', 2, '80001', '0.5', 'sold', Number(at + 1_000_000n)]),
    frame(['DOGE/EUR', 3, '0.00000001', '99', 'bought', Number(at)]),
    frame(['DOGE/EUR', 4, '0', '99', 'bought', Number(at)]),
  ])
  expect(published).toBe(5)
  await drainLake(lake)
  expect(await query(lake, 'SELECT count(*) AS n FROM bronze_bazaar_trades')).toEqual([{ n: 5n }])
  expect(await query(lake, 'SELECT count(*) AS n FROM silver_bazaar_trades')).toEqual([{ n: 4n }])
  expect(await query(lake, 'SELECT exchange, error_type FROM silver_dlq_trades')).toEqual([
    { exchange: 'BAZAAR', error_type: 'price_validation' },
  ])
  expect(await query(lake, 'SELECT trade_id, price, side FROM gold_crypto_trades ORDER BY trade_id')).toEqual([
    { trade_id: 'BAZAAR-1', price: '80000.5000000000', side: 'BUY' },
    { trade_id: 'BAZAAR-2', price: '80001.0000000000', side: 'SELL' },
    { trade_id: 'BAZAAR-3', price: '0.0000000100', side: 'BUY' },
  ])
  expect(
    await query(
      lake,
      'SELECT exchange, symbol, open_price, close_price, volume, trade_count FROM gold_ohlcv_1d ORDER BY symbol',
    ),
  ).toEqual([
    {
      exchange: 'BAZAAR',
      symbol: 'BTCUSDT',
      open_price: '80000.5000000000',
      close_price: '80001.0000000000',
      volume: '0.75000000',
      trade_count: 2n,
    },
    {
      exchange: 'BAZAAR',
      symbol: 'DOGEEUR',
      open_price: '0.0000000100',
      close_price: '0.0000000100',
      volume: '99.00000000',
      trade_count: 1n,
    },
  ])
  const report = await auditLake(lake)
  expect(report.laws.filter(law => !law.holds)).toEqual([])
})

test.skipIf(!hasFrames)(`recorded futures under an entry of their own${NEEDS_FRAMES}`, async () => {
  const futures: Exchange = { ...BAZAAR, name: 'binancefutures', code: 'BINANCEFUTURES' }
  const lake = await lakeWith(futures)
  const frames = await recordedFrames('binance-futures-aggtrade.txt')
  expect(await publish(lake, futures, binance('BINANCEFUTURES'), frames)).toBe(91)
  await drainLake(lake)
  expect(
    await query(
      lake,
      `SELECT count(*) AS trades, count(*) FILTER (side = 'BUY') AS buys, sum(quantity) AS quantity,
        sum(price * quantity) AS turnover FROM gold_crypto_trades WHERE exchange = 'BINANCEFUTURES'`,
    ),
  ).toEqual([{ trades: 91n, buys: 47n, quantity: '177768.00000000', turnover: '37718.220590000000000000' }])
  expect(
    await query(
      lake,
      'SELECT symbol, count(*) AS trades FROM silver_binancefutures_trades GROUP BY symbol ORDER BY symbol',
    ),
  ).toEqual([
    { symbol: 'AKROUSDT', trades: 8n },
    { symbol: 'CTKUSDT', trades: 38n },
    { symbol: 'KEEPUSDT', trades: 5n },
    { symbol: 'SUSHIUSDT', trades: 40n },
  ])
  expect((await auditLake(lake)).holds).toBe(true)
})

test('an exchange that nobody simulates is left out of the simulated market, and the others trade', async () => {
  const lake = await lakeWith(BAZAAR)
  const source = await serveMarket(lake, await openMarket(lake, { rate: 1_000 }))
  const feeds = await startFeeds(lake, source, SILENT)
  const trading = new Set<string>()
  for (const end = Date.now() + 20_000; trading.size < SIMULATED.length && Date.now() < end; )
    await new Promise(resolve => setTimeout(resolve, 50)).then(() => {
      for (const name of feeds.published().keys()) trading.add(name)
    })
  await feeds.stop()
  await source.close()

  expect([...trading].sort()).toEqual(SIMULATED.map(({ name }) => name).sort())
  expect(feeds.problems().filter(problem => problem.startsWith('bazaar'))).toEqual([])
})
