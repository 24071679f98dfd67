/** Exports name the files that hold a table's rows, and files are had whole or in part. */
import { parquetReadObjects } from 'hyparquet'
import { describe, expect, test } from 'vitest'
import { joinedFileKey } from '../../../domain/names.ts'
import { parquetCompressors } from '../../../iceberg/parquet/chunk.ts'
import { addTrades, DAY, HOUR, marketLake, NOW } from './market-lake.ts'

// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
type Json = any

const lake = await marketLake()
const ask = async (path: string): Promise<Json> => (await lake.get(path)).json()
const path = (url: string) => url.replace('http://localhost:8080/v1/', '')

async function idsIn(files: readonly Json[]): Promise<{ id: string; time: number }[]> {
  const rows = await Promise.all(
    files.map(async ({ url }) => {
      const file = await (await lake.get(path(url))).arrayBuffer()
      return parquetReadObjects({ file, compressors: parquetCompressors, columns: ['trade_id', 'timestamp'] })
    }),
  )
  return rows.flat().map(({ trade_id: id, timestamp }) => ({ id, time: timestamp.getTime() }))
}

describe('the files of a range', () => {
  test('hold all of its rows, and few others', async () => {
    const [from, to] = [NOW - 2n * DAY, NOW - DAY]
    const { data, table } = await ask(`exports?table=gold_crypto_trades&start=${from}&end=${to}`)
    expect(table).toBe('gold_crypto_trades')
    const rows = await idsIn(data)
    expect(data.reduce((sum: number, each: Json) => sum + each.rows, 0)).toBe(rows.length)
    const within = rows.filter(({ time }) => BigInt(time) * 1000n >= from && BigInt(time) * 1000n < to)
    const expected = lake.trades.filter(({ timestamp }) => timestamp >= from && timestamp < to)
    expect(within.map(({ id }) => id).sort()).toEqual(expected.map(({ tradeId }) => tradeId).sort())
    expect(rows.length - within.length).toBeLessThan(10)
  })

  test('are those of an earlier state, where one is named', async () => {
    const [snapshot] = (await ask('snapshots?tables=gold_crypto_trades')).data.slice(-1)
    const before = await ask('exports?table=gold_crypto_trades')
    await addTrades(lake, [{ timestamp: NOW - HOUR, price: 10n ** 12n }])
    expect((await ask('exports?table=gold_crypto_trades')).data.length).toBeGreaterThan(before.data.length)
    expect((await ask(`exports?table=gold_crypto_trades&as_of=${snapshot.snapshot}`)).data).toEqual(before.data)
  })

  test('in S3 are had by URLs that are signed', async () => {
    const service = {
      ...{ region: 'eu-central-1', endpoint: undefined, pathStyle: false, credentials: undefined },
      ...{ sign: async () => ({}), presign: async (uri: string, seconds: number) => `${uri}?signed=${seconds}` },
    }
    const remote = await marketLake({ root: 's3://lake', service })
    const { data } = (await (await remote.get('exports?table=gold_crypto_trades')).json()) as Json
    expect(data[0].url).toMatch(/^s3:\/\/lake\/.*\.parquet\?signed=3600$/)
  })

  test('of a table that there is not are refused, with the nearest', async () => {
    expect((await ask('exports?table=gold_crypto_trade')).detail).toBe(
      'There is no table gold_crypto_trade: the nearest is gold_crypto_trades.',
    )
    expect((await ask('exports')).detail).toMatch(/^table is missing: give one of bronze_/)
  })
})

describe('a file', () => {
  test('is had in ranges of bytes, as readers of Parquet ask', async () => {
    const [{ url, bytes }] = (await ask('exports?table=gold_ohlcv_1d')).data
    const whole = Buffer.from(await (await lake.get(path(url))).arrayBuffer())
    expect(whole.length).toBe(bytes)
    const tail = await lake.get(path(url), { range: 'bytes=-8' })
    expect([tail.status, tail.headers.get('content-range')]).toEqual([206, `bytes ${bytes - 8}-${bytes - 1}/${bytes}`])
    expect(Buffer.from(await tail.arrayBuffer()).equals(whole.subarray(-8))).toBe(true)
    const part = Buffer.from(await (await lake.get(path(url), { range: 'bytes=4-99' })).arrayBuffer())
    expect(part.equals(whole.subarray(4, 100))).toBe(true)
    const beyond = await lake.get(path(url), { range: `bytes=${bytes}-` })
    expect([beyond.status, beyond.headers.get('content-range')]).toEqual([416, `bytes */${bytes}`])
    expect(await beyond.json()).toMatchObject({ status: 416, title: 'Range not satisfiable' })
    const head = await lake.ask(path(url), { method: 'HEAD' })
    expect([head.headers.get('content-length'), (await head.arrayBuffer()).byteLength]).toEqual([String(bytes), 0])
  })

  test('is not sent again to who has it, and whole to who has a part of another one', async () => {
    const [{ url, bytes }] = (await ask('exports?table=gold_ohlcv_1d')).data
    const etag = (await lake.ask(path(url), { method: 'HEAD' })).headers.get('etag') as string
    const status = async (headers: Record<string, string>) => (await lake.get(path(url), headers)).status
    expect(await status({ 'if-none-match': `"other", ${etag}` })).toBe(304)
    expect(await status({ 'if-none-match': etag, range: 'bytes=0-3' })).toBe(304)
    expect(await status({ 'if-none-match': '"other"' })).toBe(200)
    expect(await status({ 'if-range': etag, range: 'bytes=0-3' })).toBe(206)
    const other = await lake.get(path(url), { 'if-range': '"other"', range: 'bytes=0-3' })
    expect([other.status, (await other.arrayBuffer()).byteLength]).toEqual([200, bytes])
  })

  test('are had where maintenance has joined them too', async () => {
    const key = joinedFileKey('bronze_binance_trades', 'ingestion_date_day=2026-11-20', 'a-b')
    await lake.ports.store.put(key, Buffer.from('joined'))
    expect(await (await lake.get(`files/${key}`)).text()).toBe('joined')
  })

  test.each([
    'files/gold_ohlcv_1d/metadata/00000.metadata.json',
    'files/../secret',
    'files/gold_ohlcv_1d/data/%2e%2e/%2e%2e/x',
    'files/market_data/gold_ohlcv_1d/data/none.parquet',
    'files/market_data/gold_ohlcv_1d/data/',
    'files/market_data/gold_ohlcv_1d/data//none.parquet',
    'files/market_data/gold_ohlcv_1d/data/%00.parquet',
    'files/market_data/gold_ohlcv_1d/data/a%5Cb.parquet',
    `files/market_data/gold_ohlcv_1d/data/${'a'.repeat(300)}.parquet`,
    `files/market_data/gold_ohlcv_1d/data/${'a/'.repeat(600)}none.parquet`,
  ])('that no export names is not there: %s', async name => {
    expect((await lake.get(name)).status).toBe(404)
  })
})
