/** Trades as no feed of ours would make them, through every stage of a lake: none stops or doubles another. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { topicName } from '../../domain/names.ts'
import { messageId, type Trade } from '../../domain/trade.ts'
import { encodeTrade } from '../../domain/wire.ts'
import { auditLake } from '../../operations/audit/audit.ts'
import { createView, openTables } from '../../tables/views.ts'
import { drainLake, newLake, type TestLake } from './support.ts'

const now = Date.now() - (Date.now() % 3_600_000) - 1_800_000
let lake: TestLake

beforeAll(async () => {
  lake = await newLake()
})
afterAll(() => lake.remove())

function tradeOf(number: number, change: Partial<Trade> = {}): Trade {
  const tradeId = `BINANCE-${number}`
  return {
    messageId: messageId('BINANCE', change.symbol ?? 'BTCUSDT', tradeId),
    tradeId,
    symbol: 'BTCUSDT',
    exchange: 'BINANCE',
    assetClass: 'crypto',
    timestamp: BigInt(now + number) * 1000n,
    price: 864_161_000_000_000n,
    quantity: 5n,
    currency: 'USDT',
    side: 'BUY',
    tradeConditions: [],
    sourceSequence: null,
    ingestionTimestamp: BigInt(now) * 1000n,
    platformSequence: null,
    vendorData: null,
    ...change,
  }
}

async function publish(trades: readonly Trade[]): Promise<void> {
  const records = trades.map(trade => ({ partition: 0, key: null, value: encodeTrade(trade), timestamp: now }))
  await lake.topics.append(topicName('binance'), records)
  await drainLake(lake)
}

async function query(sql: string) {
  const session = await lake.ports.engine.session()
  try {
    for (const table of await openTables(lake)) await session.run(await createView(lake, table))
    return await session.run(sql)
  } finally {
    session.close()
  }
}

const brokenLaws = async () => (await auditLake(lake)).laws.filter(law => !law.holds)

test('171 trades of all digits in one minute are dead letters, and the candles of the others are made', async () => {
  const extreme = { price: (10n ** 18n - 1n) * 100n, quantity: 10n ** 18n - 1n, symbol: 'ETHUSDT' }
  await publish([tradeOf(1), ...Array.from({ length: 171 }, (_, i) => tradeOf(2 + i, extreme))])
  expect(await query('SELECT error_type, count(*) AS records FROM silver_dlq_trades GROUP BY 1')).toEqual([
    { error_type: 'notional_validation', records: 171n },
  ])
  expect(await query('SELECT symbol, trade_count FROM gold_ohlcv_1m')).toEqual([{ symbol: 'BTCUSDT', trade_count: 1n }])
  expect(await brokenLaws()).toEqual([])
})

test('a message_id in another letter case is the same trade, and in lower case in Silver', async () => {
  const trade = tradeOf(1_000)
  await publish([trade])
  await publish([{ ...trade, messageId: trade.messageId.toUpperCase() }])
  const rows = (table: string) => query(`SELECT message_id FROM ${table} WHERE trade_id = 'BINANCE-1000'`)
  expect(await rows('silver_binance_trades')).toEqual([
    { message_id: trade.messageId },
    { message_id: trade.messageId },
  ])
  expect(await rows('gold_crypto_trades')).toEqual([{ message_id: trade.messageId }])
  expect(await brokenLaws()).toEqual([])
})

test('symbols of any script, with underscores and dots, have candles', async () => {
  const symbols = ['币安人生USDT', 'BTCUSD_PERP', 'ETH2.SETH']
  await publish(symbols.map((symbol, i) => tradeOf(2_000 + i, { symbol })))
  const candles = await query(`SELECT symbol FROM gold_ohlcv_1d WHERE symbol NOT IN ('BTCUSDT', 'ETHUSDT') ORDER BY 1`)
  expect(candles).toEqual(symbols.toSorted().map(symbol => ({ symbol })))
  expect(await brokenLaws()).toEqual([])
})
