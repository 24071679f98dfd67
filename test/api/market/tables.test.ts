/** What the tables hold, and when maintenance was there. */
import { expect, test } from 'vitest'
import { EXCHANGES } from '../../../domain/exchanges.ts'
import { maintain } from '../../../functions/maintain/maintain.ts'
import { commitAll } from '../../functions/support.ts'
import { marketLake } from './market-lake.ts'

// biome-ignore lint/suspicious/noExplicitAny: bodies are whatever was answered
type Json = any

const lake = await marketLake()
await commitAll(lake)
const tables = async (): Promise<Map<string, Json>> => {
  const { data } = (await (await lake.get('tables')).json()) as Json
  return new Map(data.map((row: Json) => [row.table, row]))
}

test('each table has its rows, files, bytes and snapshots', async () => {
  const rows = await tables()
  expect([...rows.keys()]).toContain('gold_ohlcv_1d')
  const gold = rows.get('gold_crypto_trades')
  const snapshots = ((await (await lake.get('snapshots?tables=gold_crypto_trades')).json()) as Json).data
  expect(gold).toMatchObject({ rows: 420, delete_files: 0, pins: 0, joined: null, dropped: null, swept: null })
  expect(gold.snapshots).toBe(snapshots.length)
  const files = ((await (await lake.get('exports?table=gold_crypto_trades&start=2020-01-01')).json()) as Json).data
  expect([gold.data_files, gold.bytes]).toEqual([
    files.length,
    files.reduce((sum: number, { bytes }: Json) => sum + bytes, 0),
  ])
  expect(gold.committed).toBe('2026-11-20T12:00:00Z')
  // Its snapshots are of this moment, and an hour later of none in the last hour.
  expect(gold.commits).toBe(snapshots.length)
  // It had nothing an hour ago.
  expect(gold.grown).toBe(420)
})

test('a pin counts for the tables that it is on, and maintenance is told by what it did', async () => {
  await lake.ask('pins/kept?tables=gold_crypto_trades', { method: 'PUT' })
  const before = (await tables()).get('gold_crypto_trades')
  expect(before.pins).toBe(1)
  lake.clock.advance(86_400_000)
  expect((await tables()).get('gold_crypto_trades')).toMatchObject({ commits: 0, grown: 0 })
  const { tables: done, failures } = await maintain(lake.ports, EXCHANGES, Number.POSITIVE_INFINITY, {
    sweepEveryMs: 0,
  })
  expect(failures).toEqual([])
  const rows = await tables()
  const swept = '2026-11-21T12:00:00Z'
  expect(rows.get('gold_crypto_trades')).toMatchObject({ rows: 420, swept })
  const joined = done.filter(({ joins }) => joins.length > 0).map(({ table }) => table)
  expect(joined.length).toBeGreaterThan(0)
  for (const name of joined) expect(rows.get(name)).toMatchObject({ joined: swept, dropped: null })
  expect(rows.get('gold_ohlcv_1d').pins).toBe(0)
})

test('some tables are asked for by name, in any format', async () => {
  const csv = await (await lake.get('tables?tables=feed_gaps,gold_ohlcv_1m&format=csv')).text()
  expect(csv.split('\r\n').map(line => line.split(',')[0])).toEqual(['table', 'feed_gaps', 'gold_ohlcv_1m', ''])
  expect(await (await lake.get('tables?tables=gold')).json()).toMatchObject({ status: 404, parameter: 'tables' })
})
