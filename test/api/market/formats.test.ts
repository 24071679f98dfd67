/** The same rows in every format: as text, as Arrow, as Parquet; in pages or whole. */
import { Decimal, MessageReader, Timestamp, TimeUnit, tableFromIPC, Utf8 } from 'apache-arrow'
import { parquetReadObjects } from 'hyparquet'
import { describe, expect, test } from 'vitest'
import { parquetCompressors } from '../../../iceberg/parquet/chunk.ts'
import { marketLake } from './market-lake.ts'

// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
type Json = any

const lake = await marketLake()
const TRADES = 'trades?start=2026-10-01&limit=200'
const CANDLES = 'candles?timeframe=6h&start=2026-11-01&fill=null&limit=300'
const rowsOf = async (path: string): Promise<Json[]> => ((await (await lake.get(path)).json()) as Json).data
const bytesOf = async (path: string, headers = {}) =>
  new Uint8Array(await (await lake.get(path, headers)).arrayBuffer())

/** Units as text without zeros at the end. */
function decimal(units: bigint, scale: number): string {
  const digits = `${units}`.padStart(scale + 1, '0')
  return `${digits.slice(0, -scale)}.${digits.slice(-scale)}`.replace(/\.?0+$/, '')
}

/** A time as answers have it. */
function time(micros: bigint): string {
  const text = new Date(Number(micros / 1000n)).toISOString()
  return micros % 1_000_000n === 0n
    ? `${text.slice(0, 19)}Z`
    : `${text.slice(0, 23)}${`${micros % 1000n}`.padStart(3, '0')}Z`
}

/** An Arrow table's rows as JSON has them. */
function arrowRows(bytes: Uint8Array): Json[] {
  const table = tableFromIPC(bytes)
  return Array.from({ length: table.numRows }, (_, row) =>
    Object.fromEntries(
      table.schema.fields.map((field, column) => {
        const vector = table.getChildAt(column) as Json
        const value = vector.get(row)
        if (value === null) return [field.name, null]
        if (field.type instanceof Decimal) {
          const [a, b, c, d] = [...value].map(BigInt)
          return [field.name, decimal(BigInt.asIntN(128, a | (b << 32n) | (c << 64n) | (d << 96n)), field.type.scale)]
        }
        if (field.type instanceof Timestamp) {
          const at = vector.data.flatMap(({ values }: Json) => [...values])[row] as bigint
          return [field.name, time(at)]
        }
        return [field.name, typeof value === 'bigint' ? Number(value) : value]
      }),
    ),
  )
}

describe('the same rows come', () => {
  test('as Arrow, exactly', async () => {
    for (const path of [TRADES, CANDLES])
      expect(arrowRows(await bytesOf(`${path}&format=arrow`))).toEqual(await rowsOf(path))
    const table = tableFromIPC(await bytesOf(`${TRADES}&format=arrow`))
    const types = Object.fromEntries(table.schema.fields.map(({ name, type }) => [name, `${type}`]))
    expect(types).toEqual({
      ...{ exchange: 'Dictionary<Int32, Utf8>', symbol: 'Dictionary<Int32, Utf8>', side: 'Dictionary<Int32, Utf8>' },
      ...{ id: 'Utf8', price: 'Decimal[38e+10]', quantity: 'Decimal[38e+8]', time: 'Timestamp<MICROSECOND, UTC>' },
    })
    expect((table.schema.fields[3].type as Timestamp).unit).toBe(TimeUnit.MICROSECOND)
    expect(table.schema.fields[2].type).toBeInstanceOf(Utf8)
  })

  test('as Parquet, exactly', async () => {
    for (const path of [TRADES, CANDLES]) {
      const bytes = await bytesOf(`${path}&format=parquet`)
      const file = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength)
      const read = await parquetReadObjects({ file, compressors: parquetCompressors })
      const expected = await rowsOf(path)
      expect(read.length).toBe(expected.length)
      for (const [at, row] of read.entries())
        for (const [name, value] of Object.entries(row)) {
          const wanted = expected[at][name]
          if (value instanceof Date) expect(`${wanted}`.slice(0, 19), name).toBe(value.toISOString().slice(0, 19))
          else if (typeof value === 'number') expect(value, name).toBeCloseTo(Number(wanted), 6)
          else expect(typeof value === 'bigint' ? Number(value) : value, name).toEqual(wanted)
        }
    }
  })

  test.each([
    ['text/csv;q=0.5, application/x-ndjson;q=0.9', 'application/x-ndjson'],
    ['application/json;q=0, text/csv;q=0.1', 'text/csv; charset=utf-8'],
    ['application/json;q=0, */*;q=0.1', 'application/x-ndjson'],
    ['text/*', 'text/csv; charset=utf-8'],
    ['text/html, */*;q=0.8', 'application/json'],
    ['Text/CSV; charset=utf-8', 'text/csv; charset=utf-8'],
    ['application/json;q=0', 'application/problem+json'],
    ['*/*;q=0', 'application/problem+json'],
    ['application/j', 'application/problem+json'],
  ])('by the weights in Accept: %s', async (accept, type) => {
    expect((await lake.get(TRADES, { accept })).headers.get('content-type')).toBe(type)
  })

  test('by the header Accept too', async () => {
    const accept = 'application/vnd.apache.arrow.stream'
    const answer = await lake.get(TRADES, { accept })
    expect(answer.headers.get('content-type')).toBe(accept)
    expect(tableFromIPC(new Uint8Array(await answer.arrayBuffer())).numRows).toBe(200)
  })

  test('whole, without pages, in the formats that have no end to write', async () => {
    const all = 'trades?start=2026-10-01&limit=all'
    const expected = await rowsOf('trades?start=2026-10-01&limit=10000')
    expect(expected.length).toBe(420)
    expect(arrowRows(await bytesOf(`${all}&format=arrow`))).toEqual(expected)
    const lines = (await (await lake.get(`${all}&format=ndjson`)).text()).trim().split('\n')
    expect(lines.map(line => JSON.parse(line))).toEqual(expected)
    const csv = (await (await lake.get(`${all}&format=csv`)).text()).trim().split('\r\n')
    expect([csv[0], csv.length]).toEqual(['exchange,symbol,id,time,price,quantity,side', 421])
    const candles = 'candles?timeframe=1h&start=2026-11-10&fill=previous'
    const hours = await rowsOf(`${candles}&limit=10000`)
    expect(arrowRows(await bytesOf(`${candles}&limit=all&format=arrow`))).toEqual(hours)
  })

  test('whole with dictionaries that are sent once: Polars takes none that grow', async () => {
    for (const path of ['trades?start=2026-10-01&limit=all', 'candles?timeframe=1h,1d&start=2026-11-01&limit=all']) {
      const bytes = await bytesOf(`${path}&format=arrow`)
      const deltas: boolean[] = []
      const reader = new MessageReader(bytes)
      for (let message = reader.readMessage(); message; message = reader.readMessage()) {
        if (message.isDictionaryBatch()) deltas.push(message.header().isDelta)
        reader.readMessageBody(message.bodyLength)
      }
      expect(deltas.length).toBe(path.startsWith('trades') ? 3 : 4)
      expect(deltas.every(isDelta => !isDelta)).toBe(true)
    }
  })

  test('as floats where that is asked for, each the nearest', async () => {
    const table = tableFromIPC(await bytesOf(`${TRADES}&format=arrow&numbers=float`))
    const exact = await rowsOf(TRADES)
    expect([...(table.getChild('price') as Json)]).toEqual(exact.map(({ price }) => Number(price)))
  })

  test('of nothing with its columns all the same', async () => {
    const none = await bytesOf('trades?start=2020-01-01&end=2020-01-02&limit=all&format=arrow')
    expect(tableFromIPC(none).schema.fields.length).toBe(7)
  })
})

test('all at once is refused where it has no end, no begin or pages', async () => {
  const problem = async (path: string) => ((await (await lake.get(path)).json()) as Json).detail
  expect(await problem('trades?start=2026-10-01&limit=all')).toBe(
    'limit is all, which json has no end for: give format=arrow, ndjson or csv, or a number.',
  )
  expect(await problem('trades?limit=all&format=csv')).toBe('limit is all: give start too.')
})
