/** Trades that TradeV2 does not hold, from the exchanges' frames to the candles, beside those that it does. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { topicName } from '../../domain/names.ts'
import { GOLD_TABLE } from '../../domain/tables.ts'
import { encodeTrade } from '../../domain/wire.ts'
import { type Lake, openLake } from '../../embedded/lake.ts'
import { DECODERS } from '../../feeds/exchanges/decoders.ts'
import { rewrite } from '../../functions/maintain/rewrite.ts'
import { loadTable } from '../../iceberg/catalog.ts'
import { planFiles } from '../../iceberg/scan.ts'
import { auditLake } from '../../operations/audit/audit.ts'
import { queryRows } from '../cli/support.ts'
import { drainLake } from './support.ts'

const folder = mkdtempSync(join(tmpdir(), 'tradelake-wide-'))
const data = join(folder, 'lake')
const now = Date.now() - (Date.now() % 3_600_000) - 1_800_000
let lake: Lake

beforeAll(async () => {
  lake = await openLake(data)
})
afterAll(() => {
  lake.close()
  rmSync(folder, { recursive: true })
})

type Exchange = 'binance' | 'kraken'

/** Publishes a frame's trades and works them off; gives the schema ids that they were written with. */
async function publish(exchange: Exchange, frame: string): Promise<number[]> {
  const trades = [...DECODERS[exchange].map(frame, BigInt(now) * 1000n)]
  const values = trades.map(trade => encodeTrade(trade))
  const records = values.map((value, i) => ({
    partition: 0,
    key: Buffer.from(trades[i].symbol),
    value,
    timestamp: now,
  }))
  await lake.topics.append(topicName(exchange), records)
  await drainLake(lake)
  return values.map(value => Buffer.from(value).readUInt32BE(1))
}

const binance = (id: number, symbol: string, price: string, quantity: string) =>
  `{"e":"trade","E":${now},"s":"${symbol}","t":${id},"p":"${price}","q":"${quantity}","T":${now + id},"m":false,"M":true}`

test('each is in Gold and in its candle with all its digits, and every law holds', async () => {
  expect(await publish('binance', binance(1, 'BTCUSDT', '86416.10', '0.5'))).toEqual([1])
  expect(await publish('binance', binance(2, 'BTTCUSDT', '0.00000051', '12345678901.5'))).toEqual([2])
  expect(await publish('binance', binance(3, 'BTCIDR', '1512345678.00000001', '0.00000001'))).toEqual([1])
  // The largest of a file of 18 digits; one more unit is one digit more.
  expect(await publish('binance', binance(4, 'BTCJPY', '99999999.99999999', '9999.99999999'))).toEqual([1])
  const shib = `{"channel":"trade","type":"update","data":[{"symbol":"SHIB/USD","side":"buy","price":0.000012345,"qty":3000.5,"ord_type":"market","trade_id":7,"timestamp":"${new Date(now).toISOString()}"}]}`
  expect(await publish('kraken', shib)).toEqual([2])

  expect(await queryRows(data, 'SELECT symbol, price, quantity FROM gold_crypto_trades ORDER BY symbol')).toEqual([
    { symbol: 'BTCIDR', price: '1512345678.0000000100', quantity: '0.00000001' },
    { symbol: 'BTCJPY', price: '99999999.9999999900', quantity: '9999.99999999' },
    { symbol: 'BTCUSDT', price: '86416.1000000000', quantity: '0.50000000' },
    { symbol: 'BTTCUSDT', price: '0.0000005100', quantity: '12345678901.50000000' },
    { symbol: 'SHIBUSD', price: '0.0000123450', quantity: '3000.50000000' },
  ])
  expect(await queryRows(data, 'SELECT symbol, vwap, volume, quote_volume FROM gold_ohlcv_1d ORDER BY symbol')).toEqual(
    [
      {
        symbol: 'BTCIDR',
        vwap: '1512345678.0000000100',
        volume: '0.00000001',
        quote_volume: '15.123456780000000100',
      },
      {
        symbol: 'BTCJPY',
        vwap: '99999999.9999999900',
        volume: '9999.99999999',
        quote_volume: '999999999998.999900000000000100',
      },
      { symbol: 'BTCUSDT', vwap: '86416.1000000000', volume: '0.50000000', quote_volume: '43208.050000000000000000' },
      {
        symbol: 'BTTCUSDT',
        vwap: '0.0000005100',
        volume: '12345678901.50000000',
        quote_volume: '6296.296239765000000000',
      },
      { symbol: 'SHIBUSD', vwap: '0.0000123450', volume: '3000.50000000', quote_volume: '0.037041172500000000' },
    ],
  )
  expect((await auditLake(lake)).laws.filter(law => !law.holds)).toEqual([])
})

const goldFiles = async () => planFiles(lake.ports, await loadTable(lake.ports, GOLD_TABLE.name))

/** The type that a file has for each of the two columns. */
async function storedTypes(path: string) {
  const rows = await lake.ports.engine.run([
    `SELECT name, type || '(' || precision || ',' || scale || ')' AS type FROM parquet_schema('${path}') WHERE name IN ('price', 'quantity')`,
  ])
  return Object.fromEntries(rows.map(({ name, type }) => [name, type]))
}

test('price times quantity is summed without a cast, in tradelake sql and over the bare files', async () => {
  const query = (from: string) =>
    `SELECT sum(price * quantity) AS turnover, sum(price * quantity) / sum(quantity) AS vwap FROM ${from}`
  // By hand: 15.1234567800000001 + 999999999998.9999000000000001 + 43208.05 + 6296.296239765 + 0.0370411725
  const expected = { turnover: '1000000049518.506637717500000200', vwap: expect.closeTo(80.999_919_4, 6) }
  expect(await queryRows(data, query('gold_crypto_trades'))).toEqual([expected])
  const paths = await Promise.all((await goldFiles()).map(file => lake.ports.store.localFile(file.key)))
  const bare = `read_parquet([${paths.map(path => `'${path}'`).join(', ')}], union_by_name = true)`
  expect(await lake.ports.engine.run([query(bare)])).toEqual([expected])
  // Narrow files alone, too.
  for (const path of paths) expect(await lake.ports.engine.run([query(`'${path}'`)])).toHaveLength(1)
})

test('a joined file has 18 digits exactly where all of its values fit them', async () => {
  const files = await goldFiles()
  const path = (key: string) => lake.ports.store.localFile(key)
  const types = await Promise.all(files.map(async file => storedTypes(await path(file.key))))
  const [narrow, wide] = ['INT64(18,10)', 'FIXED_LEN_BYTE_ARRAY(20,10)']
  expect(types.map(({ price }) => price).sort()).toEqual([wide, narrow, narrow, narrow, narrow].sort())
  const join = async (some: typeof files) => {
    const { file } = await rewrite(
      lake.ports,
      GOLD_TABLE,
      { partition: { path: '', values: some[0].partition }, files: some } as never,
      lake.exchanges,
    )
    return storedTypes(await path(file.key))
  }
  const small = files.filter((_, i) => types[i].price === narrow && types[i].quantity === 'INT64(18,8)')
  expect(small).toHaveLength(3)
  expect(await join(small)).toEqual({ price: narrow, quantity: 'INT64(18,8)' })
  expect(await join(files)).toEqual({ price: wide, quantity: 'FIXED_LEN_BYTE_ARRAY(22,8)' })
})
