/** What was lost or damaged is said in one line, the rest goes on, and one command mends what can be mended. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { Corrupt } from '../../domain/errors.ts'
import { consumers } from '../../domain/names.ts'
import { listPending } from '../../domain/pending.ts'
import { drain } from '../../embedded/drain.ts'
import { invocation, wireFunctions } from '../../embedded/functions.ts'
import { createMetrics } from '../../embedded/metrics.ts'
import { createTotals } from '../../embedded/totals.ts'
import { loadTable } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import { planFiles } from '../../iceberg/scan.ts'
import { auditLake } from '../../operations/audit/audit.ts'
import { drainLake, publishMarket } from '../embedded/support.ts'
import { SILENT } from '../silent-log.ts'
import { GOLD, mendedLake } from './repair-support.ts'

const it = mendedLake()

test('nothing is mended where nothing is wrong', async () => {
  expect(await it.repair()).toEqual([])
  expect(await it.goldRows()).toEqual(it.good)
})

test('a pointer to a metadata file that is missing: the table says so, the others go on, and it is pointed elsewhere', async () => {
  const { metadataLocation } = await loadTable(it.lake.ports, 'silver_kraken_trades')
  await it.reopen(() => rmSync(metadataLocation.replace('file://', '')))
  await expect(loadTable(it.lake.ports, 'silver_kraken_trades')).rejects.toThrow(
    /Table silver_kraken_trades has lost its metadata file file:/,
  )
  await publishMarket(it.lake, { market: 0, from: 30, to: 40 })
  const bronze = async () => (await loadTable(it.lake.ports, 'bronze_kraken_trades')).metadata.snapshots.length
  const before = await bronze()
  await expect(drainLake(it.lake)).rejects.toThrow(/silver_kraken_trades has lost its metadata file/)
  const metrics = createMetrics()
  const functions = wireFunctions(it.lake, SILENT, metrics)
  await expect(functions.commit({}, invocation(it.lake.ports))).rejects.toThrow(Corrupt)
  await functions.sweep({}, invocation(it.lake.ports))
  expect(metrics.values.get('oldest_pending_seconds')).toBeGreaterThan(0)
  expect(await bronze()).toBeGreaterThan(before)
  expect((await it.goldRows()).length).toBeGreaterThan(it.good.length)

  const done = await it.repair()
  expect(done[0]).toMatch(/silver_kraken_trades points to market_data\/.*\.metadata\.json now: .*has lost/)
  expect(await it.violations()).toEqual([])
  expect(await it.goldRows()).toEqual(await it.goldOfAnotherLake())
})

/** The manifest that the table's last commit wrote. */
function lastManifest(table: string): string {
  const names = readdirSync(it.objects(table, 'metadata')).filter(
    name => name.endsWith('.avro') && !name.startsWith('snap-'),
  )
  return it.objects(table, 'metadata', names.sort().at(-1) as string)
}
const damage = (path: string) => () => writeFileSync(path, readFileSync(path).subarray(0, 40))

for (const table of ['bronze_binance_trades', 'silver_binance_trades', 'silver_dlq_trades', GOLD, 'gold_ohlcv_1m'])
  test(`a manifest of ${table} that cannot be read: the table goes back to before it, and what it lacks comes again`, async () => {
    await it.reopen(damage(lastManifest(table)))
    await expect(loadTable(it.lake.ports, table).then(loaded => planFiles(it.lake.ports, loaded))).rejects.toThrow(
      Corrupt,
    )

    const done = await it.repair()
    expect(done.join('\n')).toMatch(new RegExp(`${table} went back`))
    expect(await it.violations()).toEqual([])
    expect(await it.goldRows()).toEqual(it.good)
  })

test('a manifest that cannot be read stops its own function, in one line and with what the alarms watch; the others go on', async () => {
  await it.reopen(damage(lastManifest(GOLD)))
  await publishMarket(it.lake, { market: 0, from: 30, to: 40 })
  const silver = async () => (await loadTable(it.lake.ports, 'silver_binance_trades')).metadata.snapshots.length
  const before = await silver()
  const metrics = createMetrics()
  const functions = wireFunctions(it.lake, SILENT, metrics)
  const draining = drain(it.lake, functions, createTotals(it.lake.exchanges))
  await expect(draining).rejects.toThrow(/\d+ pending for gold_coinbase\. .*gold_crypto_trades\/metadata\/.*\.avro/)
  // The function's own failure is what AWS counts as its error.
  await expect(functions.gold({}, invocation(it.lake.ports))).rejects.toThrow(Corrupt)
  await functions.sweep({}, invocation(it.lake.ports))
  expect(metrics.values.get('oldest_pending_seconds')).toBeGreaterThan(0)
  expect(await silver()).toBeGreaterThan(before)

  await it.repair()
  expect(await it.violations()).toEqual([])
  expect(await it.goldRows()).toEqual(await it.goldOfAnotherLake())
})

for (const table of ['silver_binance_trades', 'silver_dlq_trades', GOLD, 'gold_ohlcv_1h'])
  test(`a data file of ${table} that is gone comes again`, async () => {
    const [file] = await planFiles(it.lake.ports, await loadTable(it.lake.ports, table))
    await it.reopen(() => rmSync(join(it.lake.directory, 'objects', file.key)))
    const done = await it.repair()
    expect(done[0]).toBe(`${table} no longer names ${file.key} with its ${file.records} rows: it is missing`)
    expect(await auditLake(it.lake)).toMatchObject({ holds: true, losses: [] })
    expect(await it.goldRows()).toEqual(it.good)
  })

test('a Bronze object that cannot be read is named, does no other harm, and becomes a gap that its records may close', async () => {
  await it.leaveWorkPending()
  const [item] = await listPending(it.lake.ports, consumers.silver('binance'), 10)
  const path = join(it.lake.directory, 'objects', item.id)
  const whole = readFileSync(path)
  await it.reopen(() => writeFileSync(path, Buffer.concat([whole.subarray(0, 300), Buffer.alloc(whole.length - 300)])))
  const trouble = drainLake(it.lake)
  await expect(trouble).rejects.toThrow(/Not everything could be worked off: 1 pending for silver_binance/)
  await expect(trouble).rejects.toThrow(`${item.id} is not as Bronze wrote it`)
  const metrics = createMetrics()
  await wireFunctions(it.lake, SILENT, metrics).sweep({}, invocation(it.lake.ports))
  expect(metrics.values.get('oldest_pending_seconds')).toBeGreaterThan(0)
  expect((await it.goldRows()).length).toBeGreaterThan(it.good.length)

  const done = await it.repair()
  expect(done.join('\n')).toMatch(/records is no longer waited for|no longer names/)
  expect(done.join('\n')).toMatch(/the checkpoint of .* offsets missing/)
  const { laws } = await auditLake(it.lake)
  expect(laws.flatMap(law => law.violations)).toEqual([])
  expect(JSON.stringify(laws[0])).toMatch(/gap/)
})

test.each([GOLD, 'silver_binance_trades', 'gold_ohlcv_1m'])(
  'a file that %s lists three times is listed once',
  async name => {
    const before = await loadTable(it.lake.ports, name)
    const [file] = await planFiles(it.lake.ports, before)
    let table = before
    for (let i = 0; i < 2; i++) {
      const staged = await stageSnapshot(it.lake.ports, { table, add: [file], operation: 'append' })
      await it.lake.ports.state.transact([staged.write], it.lake.ports.ids.uuid())
      table = staged.table
    }
    expect((await it.repair())[0]).toBe(`${name} names ${file.key} once now, it was listed 3 times`)
    expect(await it.violations()).toEqual([])
    expect(await it.goldRows()).toEqual(it.good)
  },
)
