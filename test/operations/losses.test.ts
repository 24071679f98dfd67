/** A repair removes nothing that it cannot make again, and says what is lost until a person has acknowledged it. */
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { bronzeTable, DLQ_TABLE, silverTable } from '../../domain/tables.ts'
import { TIMEFRAMES } from '../../domain/timeframes.ts'
import { maintain } from '../../functions/maintain/maintain.ts'
import { loadTable, pointerKey } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import { noteDropped } from '../../iceberg/dropped.ts'
import { planFiles } from '../../iceberg/scan.ts'
import { auditLake } from '../../operations/audit/audit.ts'
import { acceptLosses } from '../../operations/repair/losses.ts'
import { drainLake, publishMarket } from '../embedded/support.ts'
import { GOLD, mendedLake } from './repair-support.ts'

const it = mendedLake()

const BRONZE = EXCHANGES.map(exchange => bronzeTable(exchange).name)
const SILVER = EXCHANGES.map(exchange => silverTable(exchange).name)
const CANDLES = TIMEFRAMES.map(({ name }) => `gold_ohlcv_${name}`)

const filesOf = async (name: string) => planFiles(it.lake.ports, await loadTable(it.lake.ports, name))

/** As retention does when all rows are older than it keeps. */
async function expire(names: readonly string[]): Promise<void> {
  for (const name of names) {
    const table = await loadTable(it.lake.ports, name)
    const remove = new Set((await planFiles(it.lake.ports, table)).map(({ key }) => key))
    const properties = noteDropped(table.metadata, BigInt(it.lake.ports.clock.now() + 2 * 86_400_000) * 1000n)
    const staged = await stageSnapshot(it.lake.ports, { table, remove, properties, operation: 'delete' })
    await it.lake.ports.state.transact([staged.write], it.lake.ports.ids.uuid())
  }
}

async function rowsOf(name: string): Promise<unknown[]> {
  const paths = await Promise.all(
    (await filesOf(name)).map(async ({ key }) => `'${await it.lake.ports.store.localFile(key)}'`),
  )
  return paths.length === 0
    ? []
    : it.lake.ports.engine.run([`SELECT * FROM read_parquet([${paths.join(', ')}]) ORDER BY ALL`])
}
const candles = () => Promise.all(CANDLES.map(rowsOf))
const remove = (key: string) => () => rmSync(join(it.lake.directory, 'objects', key))

test('of a Gold file whose Silver is gone the candles stay, also when more trades come, and the loss is told until acknowledged', async () => {
  await expire([...BRONZE, ...SILVER, DLQ_TABLE.name])
  const before = await candles()
  const [file] = await filesOf(GOLD)
  await it.reopen(remove(file.key))
  const done = await it.repair()
  expect(done).toContain(`${file.records} rows of ${GOLD} are lost for good, with ${file.key}: it is missing`)
  expect(await candles()).toEqual(before)

  const report = await auditLake(it.lake)
  expect(report.laws.flatMap(law => law.violations)).toEqual([])
  expect(report).toMatchObject({
    holds: false,
    losses: [{ table: GOLD, rows: file.records, file: file.key, reason: 'it is missing', accepted: false }],
  })
  expect(Date.parse(String(report.losses[0].from))).toBeGreaterThan(Date.now() - 86_400_000)

  // New trades of the same minutes: their candles cannot be made from what is left of Gold.
  await publishMarket(it.lake, { market: 0, from: 30, to: 40 })
  await drainLake(it.lake)
  expect((await auditLake(it.lake)).laws.flatMap(law => law.violations)).toEqual([])
  const trades = (rows: unknown[]) =>
    rows.reduce<bigint>((sum, row) => sum + (row as { trade_count: bigint }).trade_count, 0n)
  expect(trades((await candles())[0])).toBeGreaterThanOrEqual(trades(before[0]))

  expect(await acceptLosses(it.lake.ports)).toBe(1)
  expect(await auditLake(it.lake)).toMatchObject({ holds: true, losses: [{ rows: file.records, accepted: true }] })
  expect(await it.repair()).toEqual([])
  expect(await auditLake(it.lake)).toMatchObject({ holds: true, losses: [{ accepted: true }] })
}, 60_000)

test('of a Silver file whose Bronze is gone Gold keeps the trades', async () => {
  await expire(BRONZE)
  const [file] = await filesOf(SILVER[0])
  await it.reopen(remove(file.key))
  expect(await it.repair()).toContain(
    `${file.records} rows of ${SILVER[0]} are lost for good, with ${file.key}: it is missing`,
  )
  expect(await it.goldRows()).toEqual(it.good)
  const report = await auditLake(it.lake)
  expect(report.laws.flatMap(law => law.violations)).toEqual([])
  expect(report).toMatchObject({ holds: false, losses: [{ table: SILVER[0], rows: file.records }] })
}, 60_000)

test('of a Bronze file that Silver has taken, Silver and Gold stay', async () => {
  const [file] = await filesOf(BRONZE[0])
  await it.reopen(remove(file.key))
  await it.repair()
  expect(await it.goldRows()).toEqual(it.good)
  const report = await auditLake(it.lake)
  expect(report.laws.flatMap(law => law.violations)).toEqual([])
  expect(report).toMatchObject({ holds: false, losses: [{ table: BRONZE[0], rows: file.records }] })
}, 60_000)

test('a table that goes back to an earlier snapshot and cannot be filled again has lost rows of unknown times', async () => {
  await expire([...BRONZE, ...SILVER, DLQ_TABLE.name])
  const before = await candles()
  const { metadata } = await loadTable(it.lake.ports, GOLD)
  const list = metadata.snapshots.at(-1)?.['manifest-list'] ?? ''
  await it.reopen(() => rmSync(list.replace('file://', '')))
  await it.repair()
  expect(await candles()).toEqual(before)
  const report = await auditLake(it.lake)
  expect(report.laws.flatMap(law => law.violations)).toEqual([])
  expect(report.losses).toMatchObject([{ table: GOLD, from: null, to: null, accepted: false }])
  expect(report.losses[0].rows).toBeGreaterThan(100)
}, 60_000)

const metadataOf = async (name: string) =>
  (await loadTable(it.lake.ports, name)).metadataLocation.replace('file://', '')
const laws = async () => (await auditLake(it.lake)).laws.flatMap(law => law.violations)

test.each([GOLD, SILVER[0], 'gold_ohlcv_1m'])(
  'of %s whose newest metadata is gone nothing is lost: its manifest list names the files',
  async name => {
    await expire(name === GOLD ? [...BRONZE, ...SILVER, DLQ_TABLE.name] : BRONZE)
    const path = await metadataOf(name)
    const before = await rowsOf(name)
    await it.reopen(() => rmSync(path))
    expect((await it.repair()).join('; ')).toMatch(/has the files of its lost snapshot again/)
    expect(await rowsOf(name)).toEqual(before)
    expect(await it.goldRows()).toEqual(it.good)
    expect(await auditLake(it.lake)).toMatchObject({ holds: true, losses: [] })
  },
  60_000,
)

test.each([GOLD, 'gold_ohlcv_5m'])(
  '%s without any metadata is made anew, and nothing is lost',
  async name => {
    await expire([...BRONZE, ...SILVER, DLQ_TABLE.name])
    const before = await rowsOf(name)
    const folder = join(it.lake.directory, 'objects', 'market_data', name, 'metadata')
    await it.reopen(() => {
      for (const file of readdirSync(folder)) if (file.endsWith('.json')) rmSync(join(folder, file))
    })
    expect((await it.repair())[0]).toMatch(
      new RegExp(`^${name} was made anew, as it has no metadata file that can be read`),
    )
    expect(await rowsOf(name)).toEqual(before)
    expect(await auditLake(it.lake)).toMatchObject({ holds: true, losses: [] })
  },
  60_000,
)

test('of a Gold whose newest metadata and a file of it are gone the loss is recorded, and the candles stay', async () => {
  await expire([...BRONZE, ...SILVER, DLQ_TABLE.name])
  const before = await candles()
  const path = await metadataOf(GOLD)
  const files = await filesOf(GOLD)
  await it.reopen(() => {
    rmSync(path)
    remove(files.at(-1)?.key ?? '')()
  })
  await it.repair()
  expect(await candles()).toEqual(before)
  expect(await laws()).toEqual([])
  expect((await auditLake(it.lake)).losses).toMatchObject([{ table: GOLD, file: files.at(-1)?.key, accepted: false }])
}, 60_000)

test('a repair that was killed when it had not yet committed what is lost does not lose the record', async () => {
  await expire([...BRONZE, ...SILVER, DLQ_TABLE.name])
  const before = await candles()
  const [file] = await filesOf(GOLD)
  // The attempt has written its metadata, and no pointer names it.
  const table = await loadTable(it.lake.ports, GOLD)
  await stageSnapshot(it.lake.ports, { table, remove: new Set([file.key]), operation: 'delete' })
  await it.reopen(remove(file.key))
  await it.repair()
  expect(await candles()).toEqual(before)
  expect((await auditLake(it.lake)).losses).toMatchObject([{ table: GOLD, rows: file.records }])
}, 60_000)

test('rows that come later do not make up for a loss, nor does a lost state store forget it', async () => {
  await expire([...BRONZE, ...SILVER, DLQ_TABLE.name])
  const before = await candles()
  const [file] = await filesOf(GOLD)
  await it.reopen(remove(file.key))
  await it.repair()
  await publishMarket(it.lake, { market: 0, from: 30, to: 60 })
  await drainLake(it.lake)
  await it.repair()
  expect((await auditLake(it.lake)).losses).toMatchObject([{ table: GOLD, rows: file.records }])
  expect(await laws()).toEqual([])
  await it.reopen(() => {
    for (const name of readdirSync(it.lake.directory))
      if (name.startsWith('state.sqlite')) rmSync(join(it.lake.directory, name))
  }, true)
  await it.repair()
  const trades = (rows: unknown[]) =>
    rows.reduce<bigint>((sum, row) => sum + (row as { trade_count: bigint }).trade_count, 0n)
  expect(trades((await candles())[0])).toBeGreaterThanOrEqual(trades(before[0]))
  expect((await auditLake(it.lake)).losses).toMatchObject([{ table: GOLD, rows: file.records }])
  expect(await laws()).toEqual([])
}, 90_000)

test('of a Gold whose pointer was set back and has gone on, without its Silver, the old line’s rows are recorded and its files kept', async () => {
  const key = pointerKey(GOLD)
  const old = await it.lake.ports.state.get(key)
  for (const from of [30, 33, 36]) {
    await publishMarket(it.lake, { market: 0, from, to: from + 3 })
    await drainLake(it.lake)
  }
  await expire([...BRONZE, ...SILVER, DLQ_TABLE.name])
  const before = await candles()
  const rows = (await rowsOf(GOLD)).length
  await it.lake.ports.state.transact([{ kind: 'put', item: { key, attributes: old ?? {} } }], 'restored')
  for (const from of [40, 43, 46, 49, 52]) {
    await publishMarket(it.lake, { market: 0, from, to: from + 2 })
    await drainLake(it.lake)
  }
  await it.repair()
  expect((await auditLake(it.lake)).losses).toMatchObject([
    { table: GOLD, rows: rows - it.good.length, reason: 'the pointer was set back past its commits' },
  ])
  const swept = () => maintain(it.lake.ports, it.lake.exchanges, Number.POSITIVE_INFINITY, { sweepEveryMs: 0 })
  expect(await swept()).toMatchObject({ sweepRefused: true })
  expect((await candles())[0].length).toBeGreaterThanOrEqual(before[0].length)
  await acceptLosses(it.lake.ports)
  await it.repair()
  expect(await swept()).toMatchObject({ sweepRefused: false })
}, 120_000)
