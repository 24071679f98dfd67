/** `GET /v1/sql`: queries over the lake that read its tables and nothing else. */
import { describe, expect, test } from 'vitest'
import { openReader } from '../../../adapters/duckdb-reader.ts'
import { systemScratch } from '../../../adapters/system.ts'
import { formatDecimal } from '../../../domain/decimal.ts'
import { type MarketLake, marketLake } from './market-lake.ts'

// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
type Json = any

const scratch = systemScratch()
const limits = { threads: 2, memoryLimit: '256MB', tempDirectory: scratch.path('sql'), timeoutMs: 2_000 }
const lake: MarketLake = await marketLake({ sql: views => openReader({ ...views, ...limits }) })
const ask = async (query: string, more = ''): Promise<[status: number, body: Json]> => {
  const answer = await lake.get(`sql?query=${encodeURIComponent(query)}${more}`)
  return [answer.status, await answer.json()]
}

test('a query gives its columns with their types, and its rows exactly', async () => {
  const [status, body] = await ask(
    `SELECT symbol, price, "timestamp", 12345678901234567890::HUGEINT AS large, NULL AS nothing, 'x'::BLOB AS raw, [1, 2] AS list
     FROM gold_crypto_trades ORDER BY price DESC, trade_id LIMIT 1`,
  )
  const highest = [...lake.trades].sort((a, b) => Number(b.price - a.price))[0]
  expect(status).toBe(200)
  expect(body.columns).toEqual([
    { name: 'symbol', type: 'VARCHAR' },
    { name: 'price', type: 'DECIMAL(20,10)' },
    { name: 'timestamp', type: 'TIMESTAMP WITH TIME ZONE' },
    { name: 'large', type: 'HUGEINT' },
    { name: 'nothing', type: 'INTEGER' },
    { name: 'raw', type: 'BLOB' },
    { name: 'list', type: 'INTEGER[]' },
  ])
  expect(body.rows).toHaveLength(1)
  const [symbol, price, , large, nothing, raw, list] = body.rows[0]
  expect([symbol, Number(price)]).toEqual([highest.symbol, Number(formatDecimal(highest.price, 10))])
  expect(price).toMatch(/^\d+\.\d{10}$/)
  expect([large, nothing, raw, list]).toEqual(['12345678901234567890', null, '78', [1, 2]])
  expect([body.more, body.hints]).toEqual([false, []])
})

test('the first rows are given, and whether there are more', async () => {
  const [, all] = await ask('FROM gold_crypto_trades', '&limit=10000')
  expect([all.rows.length, all.more]).toEqual([lake.trades.length, false])
  const [, some] = await ask('FROM gold_crypto_trades', '&limit=7')
  expect([some.rows.length, some.more]).toEqual([7, true])
  const [, long] = await ask(`SELECT repeat('x', 100000) FROM range(1000)`, '&limit=1000')
  expect(long.more).toBe(true)
  expect(long.rows.length).toBeLessThan(100)
})

test('an empty answer says which value no row has', async () => {
  expect((await ask("SELECT * FROM gold_crypto_trades WHERE exchange = 'KRAKN'"))[1]).toMatchObject({
    rows: [],
    hints: ['There is no exchange KRAKN in gold_crypto_trades: the nearest is KRAKEN.'],
  })
})

describe('is refused in words', () => {
  test.each([
    ['SELECT * FROM gold_trades', /^There is no table gold_trades: /],
    ['SELECT * FROM gold_crypto_trade', /^There is no table gold_crypto_trade: the nearest is gold_crypto_trades\.$/],
    ['SELECT pric FROM gold_crypto_trades', /^There is no column pric: the nearest is price\.$/],
    ['SELECT t.symbl FROM gold_crypto_trades t', /^There is no column symbl: the nearest is symbol\.$/],
    ['SELEC 1', /Parser Error: syntax error at or near "SELEC"$/],
    ['DROP VIEW gold_crypto_trades', /and this is DROP\.$/],
    ['SELECT 1; SELECT 2', /^Give one statement: this has 2\.$/],
    ["SELECT * FROM read_text('/etc/hostname')", /file system operations are disabled/],
    ["COPY (SELECT 1) TO '/tmp/x'", /and this is COPY\.$/],
    ['SELECT CAST(symbol AS INTEGER) FROM gold_crypto_trades', /^Conversion Error: /],
    [
      'SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range % 7 = b.range % 11',
      /^The query took longer than 2 s and was ended: ask for less\.$/,
    ],
    ['--', /^There is no query in this text/],
  ])('%s', async (query, words) => {
    const [status, body] = await ask(query)
    expect([status, body.parameter]).toEqual([400, 'query'])
    expect(body.detail).toMatch(words)
    expect(body.detail).not.toContain('--unsafe')
  })

  test('without a query, with one that is too long, and where there is no engine', async () => {
    expect((await (await lake.get('sql')).json()) as Json).toMatchObject({ status: 400, parameter: 'query' })
    expect((await ask(`SELECT '${'x'.repeat(10_000)}'`))[1].detail).toMatch(/^query has 10009 letters/)
    const bare = await marketLake()
    const answer = await bare.get('sql?query=SELECT%201')
    expect([answer.status, ((await answer.json()) as Json).detail]).toEqual([
      404,
      'There is no SQL here: this server is not on the machine of its lake. tradelake sql --stack has it.',
    ])
  })
})

test('queries run one after the other, and one whose client leaves is ended', async () => {
  const opened = { now: 0, most: 0 }
  const patient = await marketLake({
    sql: async views => {
      // The engine would not end it.
      const reader = await openReader({ ...views, ...limits, timeoutMs: 3_600_000 })
      opened.most = Math.max(opened.most, ++opened.now)
      return {
        ...reader,
        close() {
          opened.now--
          reader.close()
        },
      }
    },
  })
  const left = new AbortController()
  const path = (query: string) => `sql?query=${encodeURIComponent(query)}`
  const endless = 'SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range % 7 = b.range % 11'
  const gone = patient.ask(path(endless), { signal: left.signal })
  const others = [1, 2, 3].map(async n => ((await (await patient.get(path(`SELECT ${n}`))).json()) as Json).rows)
  setTimeout(() => left.abort(), 300)
  expect(await Promise.all(others)).toEqual([[[1]], [[2]], [[3]]])
  await gone.catch(() => {})
  expect(opened).toEqual({ now: 0, most: 1 })
})
