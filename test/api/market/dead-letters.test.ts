/** What was refused, over HTTP: in words, byte for byte, and counted. */
import { beforeAll, describe, expect, test } from 'vitest'
import { decodedTrade } from '../../../api/market/dead-letters.ts'
import { encodeTrade } from '../../../domain/wire.ts'
import { BINANCE, KRAKEN, tradeOf } from '../../functions/support.ts'
import { marketLake, NOW, refuse } from './market-lake.ts'

// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
type Json = any

const lake = await marketLake({ schemaIds: { trade: 1, wide: 2 } })
const ask = async (query: string): Promise<Json> => (await lake.get(`dead-letters${query}`)).json()
const MINUTE = 60_000
const begin = Number(NOW / 1000n)
const iso = (ms: number) => new Date(ms).toISOString().replace('.000Z', 'Z')

const free = encodeTrade(tradeOf(1, { price: 0n }))
// Nine decimals: written with the second schema.
const wide = encodeTrade(tradeOf(2, { price: 1n, quantity: -12_345_678_901_234_567n }))
const long = Buffer.alloc(5_000, 'long')
const unknown = Buffer.from([0, 0, 0, 0, 99, 1, 2, 3])

beforeAll(async () => {
  await refuse(lake, BINANCE, 100_000, [free, Buffer.from('not Avro'), null])
  lake.clock.advance(90 * MINUTE)
  await refuse(lake, KRAKEN, 200_000, [long, unknown])
  lake.clock.advance(1)
  await refuse(lake, BINANCE, 100_003, [wide])
})

describe('dead letters', () => {
  test('come the newest first, each with what is wrong, where it is and its bytes', async () => {
    const { data, next } = await ask('')
    expect(next).toBe(null)
    expect(data.map(({ exchange, time, error_type, offset }: Json) => [exchange, time, error_type, offset])).toEqual([
      [
        'BINANCE',
        new Date(begin + 90 * MINUTE + 1).toISOString().replace('1Z', '1000Z'),
        'quantity_validation',
        100_003,
      ],
      ['KRAKEN', iso(begin + 90 * MINUTE), 'unknown_schema', 200_001],
      ['KRAKEN', iso(begin + 90 * MINUTE), 'deserialization_failed_or_null_fields', 200_000],
      ['BINANCE', iso(begin), 'deserialization_failed_or_null_fields', 100_002],
      ['BINANCE', iso(begin), 'deserialization_failed_or_null_fields', 100_001],
      ['BINANCE', iso(begin), 'price_validation', 100_000],
    ])
    const [, noSchema, cut, tombstone, text, zero] = data
    expect(Buffer.from(zero.raw, 'base64').equals(free)).toBe(true)
    expect(zero).toMatchObject({ source: 'bronze_binance_trades', epoch: 0, partition: 0, bytes: free.length })
    expect(zero.error_reason).toMatch(/price/)
    expect([tombstone.raw, tombstone.bytes, tombstone.decoded]).toEqual([null, null, null])
    expect([text.raw, text.schema_id]).toEqual([Buffer.from('not Avro').toString('base64'), null])
    expect([cut.bytes, Buffer.from(cut.raw, 'base64').length, cut.decoded]).toEqual([5_000, 4_096, null])
    expect([noSchema.schema_id, noSchema.decoded]).toEqual([99, null])
  })

  test('are decoded where they are trades, to the last digit', async () => {
    const { data } = await ask('?error_type=price_validation,quantity_validation')
    const [second, first] = data.map(({ decoded }: Json) => JSON.parse(decoded))
    expect(first).toMatchObject({ trade_id: 'BINANCE-1', symbol: 'BTCUSDT', price: '0.00000000', side: 'SELL' })
    expect(second).toMatchObject({ price: '0.0000000001', quantity: '-123456789.01234567' })
    expect(first.timestamp).toBe(String(tradeOf(1).timestamp))
  })

  test('have their decimals in units where nobody says which schemas their ids name', async () => {
    const raw = encodeTrade(tradeOf(3, { price: 1n, quantity: 5n }))
    expect(decodedTrade(raw, undefined)).toMatchObject({ price_units: '1', quantity_units: '5', trade_id: 'BINANCE-3' })
    expect(decodedTrade(raw, { trade: 7, wide: 8 })).toBe(undefined)
    expect(decodedTrade(raw.subarray(0, 60), undefined)).toBe(undefined)
  })

  test('come in pages, each once, however many there are by then', async () => {
    const offsets: number[] = []
    let cursor: string | null = ''
    for (let page = 0; cursor !== null; page++) {
      const { data, next }: Json = await ask(`?limit=2${cursor && `&cursor=${cursor}`}`)
      offsets.push(...data.map(({ offset }: Json) => offset))
      cursor = next
      if (page === 0) await refuse(lake, BINANCE, 100_004, [Buffer.from('later')])
    }
    expect(offsets).toEqual([100_003, 200_001, 200_000, 100_002, 100_001, 100_000])
  })

  test('of a time, an exchange or a fault are asked for by name', async () => {
    const of = async (query: string) => (await ask(query)).data.map(({ offset }: Json) => offset)
    expect(await of(`?start=${iso(begin)}&end=${iso(begin + 1)}`)).toEqual([100_002, 100_001, 100_000])
    expect(await of('?exchanges=kraken&error_type=unknown_schema')).toEqual([200_001])
    expect(await ask('?error_type=nonsense')).toMatchObject({ status: 400, parameter: 'error_type' })
    expect(await ask('?limit=all')).toMatchObject({ status: 400, parameter: 'limit' })
  })

  test('are counted by exchange, fault and hour', async () => {
    const { data } = await ask(`/counts?end=${iso(begin + 90 * MINUTE + 1)}`)
    const [noon, later] = [iso(begin), iso(begin + 60 * MINUTE)]
    expect(data.map(({ exchange, error_type, start, count }: Json) => [exchange, error_type, start, count])).toEqual([
      ['BINANCE', 'deserialization_failed_or_null_fields', noon, 2],
      ['BINANCE', 'price_validation', noon, 1],
      ['KRAKEN', 'deserialization_failed_or_null_fields', later, 1],
      ['KRAKEN', 'unknown_schema', later, 1],
    ])
    expect(await ask('/counts?bucket=1m&start=2026-01-01')).toMatchObject({ status: 413, parameter: 'bucket' })
  })

  test('are none in a lake that refused nothing', async () => {
    const clean = await marketLake()
    expect(((await (await clean.get('dead-letters')).json()) as Json).data).toEqual([])
    expect(((await (await clean.get('dead-letters/counts')).json()) as Json).data).toEqual([])
  })
})
