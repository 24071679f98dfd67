/** What `sql` and `tables` print, of one small lake. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { allTables } from '../../domain/tables.ts'
import { output, queryRows, runCommand } from './support.ts'

const folder = mkdtempSync(join(tmpdir(), 'tradelake-test-'))
const data = join(folder, 'a lake’s "place"')

beforeAll(async () => {
  const frame = (id: number, price: string) =>
    `${1_633_998_512 + id}.5: {"e":"trade","E":1,"s":"BTCUSDT","t":${id},"p":"${price}","q":"2","T":${1_633_998_512_000 + id},"m":true}`
  const file = join(folder, 'frames.txt')
  writeFileSync(file, [frame(1, '1.5'), frame(2, '1234567890.12345678'), frame(3, '0.00000001')].join('\n'))
  await output('frames', file, '--exchange', 'binance', '--data', data)
  await output('drain', '--data', data)
})
afterAll(() => rmSync(folder, { recursive: true }))

const sql = (query: string, format: string) => output('sql', query, '--format', format, '--data', data)

test('json: decimals and large integers are exact, what is nested is nested', async () => {
  expect(
    await queryRows(
      data,
      'SELECT trade_id, price, "timestamp", vendor_data, trade_conditions, source_sequence FROM gold_crypto_trades ORDER BY price DESC',
    ),
  ).toEqual([
    {
      trade_id: 'BINANCE-2',
      price: '1234567890.12345678',
      timestamp: '2021-10-12 00:28:32.002+00',
      vendor_data: { event_type: 'trade', is_buyer_maker: 'true', trade_id: '2' },
      trade_conditions: [],
      source_sequence: null,
    },
    expect.objectContaining({ price: '1.50000000' }),
    expect.objectContaining({ price: '0.00000001' }),
  ])
  expect(
    await sql(
      `SELECT 9007199254740993 AS big, -9007199254740991 AS fits, 1.5::DOUBLE AS half, 'nan'::DOUBLE AS nan, true AS yes,
        '"quoted"' AS text, '\\x00\\xFF'::BLOB AS bytes, DATE '2026-11-20' AS day, [1.10::DECIMAL(4,2)] AS list, {'a': 9007199254740993} AS struct`,
      'json',
    ),
  ).toBe(
    '[{"big":"9007199254740993","fits":-9007199254740991,"half":1.5,"nan":"NaN","yes":true,"text":"\\"quoted\\"","bytes":"00ff","day":"2026-11-20","list":["1.10"],"struct":{"a":"9007199254740993"}}]\n',
  )
  expect(await sql('SELECT 1 AS x WHERE false', 'json')).toBe('[]\n')
  expect(JSON.parse(await sql('SELECT range AS n FROM range(100000)', 'json'))).toHaveLength(100_000)
})

test('csv, table and parquet', async () => {
  const query = 'SELECT symbol, sum(price) AS total FROM GOLD_CRYPTO_TRADES GROUP BY symbol'
  expect(await sql(query, 'csv')).toBe('symbol,total\nBTCUSDT,1234567891.62345679\n')
  expect(await sql(`${query};`, 'table')).toBe(
    [
      'symbol                 total',
      '───────  ───────────────────',
      'BTCUSDT  1234567891.62345679',
      '(1 row)',
      '',
    ].join('\n'),
  )
  expect(await sql('SELECT 1 AS x WHERE false', 'table')).toBe('(no rows)\n')
  const bytes = await sql(query, 'parquet')
  expect([bytes.slice(0, 4), bytes.slice(-4)]).toEqual(['PAR1', 'PAR1'])
})

test('every table has a view, also those that have no rows', async () => {
  const names = allTables().map(table => table.name)
  const counts = await queryRows(
    data,
    names.map(name => `SELECT '${name}' AS name, count(*) AS rows FROM ${name}`).join(' UNION ALL '),
  )
  const rows = Object.fromEntries(counts.map(({ name, rows }) => [name, rows]))
  expect(rows).toEqual({
    ...Object.fromEntries(names.map(name => [name, 0])),
    bronze_binance_trades: 3,
    silver_binance_trades: 3,
    gold_crypto_trades: 3,
    ...Object.fromEntries(names.filter(name => name.startsWith('gold_ohlcv')).map(name => [name, 1])),
  })
})

test('a query that fails says so in one line', async () => {
  for (const [query, message] of [
    ['SELEC 1', 'syntax error'],
    ['SELECT * FROM nowhere', 'nowhere does not exist'],
    ['SELECT nothing FROM gold_crypto_trades', '"nothing" not found'],
    ["SELECT 'a'::INTEGER", 'Could not convert'],
  ])
    for (const format of ['table', 'json', 'csv']) {
      const { status, stdout, stderr } = await runCommand('sql', query, '--format', format, '--data', data)
      expect([status, stdout]).toEqual([1, ''])
      expect(stderr).toMatch(/^tradelake: DuckDB: [^\n]+\n$/)
      expect(stderr).toContain(message)
    }
})

test('tables, for people and for programs', async () => {
  const shown = await output('tables', '--data', data)
  expect(shown).toMatch(/^gold_crypto_trades +3 +1 +\d+\.\d kB +1 +\d+ s ago$/m)
  expect(shown).toMatch(/^bronze_kraken_trades +0 +0 +0 B +0 +never$/m)
  const rows = JSON.parse(await output('tables', '--json', '--data', data))
  expect(rows.map((row: { table: string }) => row.table)).toEqual(allTables().map(table => table.name))
  const gold = rows.find((row: { table: string }) => row.table === 'gold_crypto_trades')
  expect(gold).toEqual({
    table: 'gold_crypto_trades',
    rows: 3,
    files: 1,
    bytes: expect.any(Number),
    snapshot_id: expect.any(Number),
    snapshots: 1,
    committed_at: expect.stringMatching(/^\d{4}-.*Z$/),
    age_seconds: expect.any(Number),
    metadata_location: expect.stringMatching(/^file:\/\/.*\.gz\.metadata\.json$/),
  })
  // The URI is not escaped: readers take it literally.
  expect(gold.metadata_location).toContain(`${data}/objects/market_data/gold_crypto_trades/metadata/`)
})
