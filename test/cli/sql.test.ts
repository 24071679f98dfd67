/** What `sql` and `tables` print, of one small lake. */
import { readdirSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { allTables } from '../../domain/tables.ts'
import { smallLake } from './small-lake.ts'
import { output, queryRows, runCommand } from './support.ts'

const { data } = smallLake()
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
      price: '1234567890.1234567800',
      timestamp: '2021-10-12 00:28:32.002+00',
      vendor_data: { event_type: 'trade', is_buyer_maker: 'true', trade_id: '2' },
      trade_conditions: [],
      source_sequence: null,
    },
    expect.objectContaining({ price: '1.5000000000' }),
    expect.objectContaining({ price: '0.0000000100' }),
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
  expect(await sql(query, 'csv')).toBe('symbol,total\nBTCUSDT,1234567891.6234567900\n')
  expect(await sql(`${query};`, 'table')).toBe(
    [
      'symbol                   total',
      '───────  ─────────────────────',
      'BTCUSDT  1234567891.6234567900',
      '(1 row)',
      '',
    ].join('\n'),
  )
  expect(await sql('SELECT 1 AS x WHERE false', 'table')).toBe('(no rows)\n')
  const bytes = await sql(query, 'parquet')
  expect([bytes.slice(0, 4), bytes.slice(-4)]).toEqual(['PAR1', 'PAR1'])
})

test('columns keep their order and their names, also numbers and doubles', async () => {
  const query = `SELECT 2 AS b, 1 AS "1", 3 AS a, 4 AS a`
  expect(await sql(query, 'csv')).toBe('b,1,a,a:1\n2,1,3,4\n')
  expect(await sql(query, 'json')).toBe('[{"b":2,"1":1,"a":3,"a:1":4}]\n')
  expect(await sql(query, 'table')).toContain('b  1  a  a:1\n')
})

test('csv has maps and lists as JSON, nulls as nothing and empty texts as such', async () => {
  const query = `SELECT MAP {'a': 'x,"y"'} AS map, ['p', 'q'] AS list, NULL AS nothing, '' AS empty, 'a"b' AS quoted, 'c
d' AS lines, '\x01'::BLOB AS bytes`
  expect(await sql(query, 'csv')).toBe(
    'map,list,nothing,empty,quoted,lines,bytes\n"{""a"":""x,\\""y\\""""}","[""p"",""q""]",,"","a""b","c\nd",\\x01\n',
  )
})

test.each([
  ['a comment at the end', 'SELECT 1 AS x -- nothing'],
  ['DESCRIBE', 'DESCRIBE gold_crypto_trades'],
  ['SUMMARIZE', 'SUMMARIZE gold_crypto_trades'],
  ['SHOW TABLES', 'SHOW TABLES'],
  ['VALUES', 'VALUES (1), (2);'],
  ['PIVOT', 'PIVOT gold_crypto_trades ON side USING count(*) GROUP BY symbol'],
  ['WITH', 'WITH x AS (SELECT 1 AS a) FROM x'],
])('%s works in every format', async (_, query) => {
  for (const format of ['table', 'csv', 'json']) expect((await sql(query, format)).length).toBeGreaterThan(3)
  expect((await sql(query, 'parquet')).slice(0, 4)).toBe('PAR1')
})

test('SHOW TABLES and DESCRIBE know every table, and EXPLAIN explains', async () => {
  const names = JSON.parse(await sql('SHOW TABLES', 'json')).map((row: { name: string }) => row.name)
  expect(names).toEqual(
    allTables()
      .map(table => table.name)
      .toSorted(),
  )
  const columns = JSON.parse(await sql('DESCRIBE silver_kraken_trades', 'json'))
  expect(columns[0]).toMatchObject({ column_name: 'message_id', column_type: 'VARCHAR' })
  expect(await sql('EXPLAIN SELECT count(*) FROM gold_crypto_trades', 'table')).toContain('physical_plan')
  expect(await sql('EXPLAIN ANALYZE SELECT count(*) FROM gold_crypto_trades', 'table')).toContain('analyzed_plan')
  expect(await sql("SELECT count(*) AS n FROM query_table('gold_' || 'crypto_trades')", 'csv')).toBe('n\n3\n')
})

test('a table shows its first rows and says how many more there are', async () => {
  const shown = await sql('SELECT range AS n FROM range(150000)', 'table')
  expect(shown.split('\n')).toHaveLength(1000 + 2 + 3)
  expect(shown).toMatch(/\n… 149,000 more\n\(150,000 rows\)\n$/)
  expect(await output('sql', 'SELECT 1 FROM range(5)', '--limit', '2', '--data', data)).toMatch(
    /\n… 3 more\n\(5 rows\)\n$/,
  )
})

test('control characters are shown, not sent to the terminal', async () => {
  expect(await sql("SELECT chr(27) || '[2J' AS x, 'a' || chr(10) || 'b' AS y", 'table')).toContain('\\x1b[2J  a\\x0ab')
})

test('a filter that no row can match is answered with what is there', async () => {
  const ask = async (query: string) => (await runCommand('sql', query, '--data', data)).stderr
  expect(await ask("SELECT * FROM gold_crypto_trades WHERE exchange = 'binance'")).toBe(
    'There is no exchange binance in gold_crypto_trades: there is only BINANCE.\n',
  )
  expect(
    await ask("SELECT count(*) FROM gold_crypto_trades WHERE symbol IN ('BTC-USDT', 'BTCUSDT') AND side = 'BUY'"),
  ).toBe(
    'There is no symbol BTC-USDT in gold_crypto_trades: the nearest is BTCUSDT.\nThere is no side BUY in gold_crypto_trades: there is only SELL.\n',
  )
  expect(await ask("SELECT * FROM silver_kraken_trades WHERE exchange = 'KRAKEN'")).toBe(
    'There is no exchange KRAKEN in silver_kraken_trades: it has no rows.\n',
  )
  expect(await ask("SELECT count(*) FROM gold_crypto_trades WHERE exchange = 'BINANCE'")).toBe('')
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
    ['SELECT * FROM nowhere', 'There is no table nowhere: there are bronze_binance_trades'],
    ['SELECT nothing FROM gold_crypto_trades', 'There is no column nothing: there are '],
    ['SELECT symbl FROM gold_crypto_trades', 'There is no column symbl: the nearest is symbol.'],
    ["SELECT 'a'::INTEGER", 'Could not convert'],
  ])
    for (const format of ['table', 'json', 'csv']) {
      const { status, stdout, stderr } = await runCommand('sql', query, '--format', format, '--data', data)
      expect([status, stdout]).toEqual([1, ''])
      expect(stderr).toMatch(/^tradelake: (?:DuckDB: |There is no )[^\n]+\n$/)
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

test('a table whose metadata is gone is in the way of its own queries only', async () => {
  const folder = join(data, 'objects', 'market_data', 'gold_ohlcv_1d', 'metadata')
  const files = readdirSync(folder).filter(name => name.endsWith('.metadata.json'))
  expect(files).not.toEqual([])
  for (const file of files) renameSync(join(folder, file), join(folder, `${file}.away`))
  onTestFinished(() => {
    for (const file of files) renameSync(join(folder, `${file}.away`), join(folder, file))
  })
  expect(await sql('SELECT count(*) AS n FROM gold_crypto_trades', 'csv')).toBe('n\n3\n')
  const { status, stderr } = await runCommand('sql', 'SELECT count(*) FROM gold_ohlcv_1d', '--data', data)
  expect(status).toBe(1)
  expect(stderr).toMatch(/gold_ohlcv_1d/)
})
