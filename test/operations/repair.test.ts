/** What was lost or damaged is said in one line, the rest goes on, and one command mends what can be mended. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { Corrupt } from '../../domain/errors.ts'
import { consumers, FEED_GAPS_TOPIC, topicName } from '../../domain/names.ts'
import { listPending } from '../../domain/pending.ts'
import { drain } from '../../embedded/drain.ts'
import { invocation, wireFunctions } from '../../embedded/functions.ts'
import { type Lake, openLake } from '../../embedded/lake.ts'
import { createMetrics } from '../../embedded/metrics.ts'
import { createTotals } from '../../embedded/totals.ts'
import { loadTable } from '../../iceberg/catalog.ts'
import { planFiles } from '../../iceberg/scan.ts'
import { auditLake } from '../../operations/audit/audit.ts'
import { repairLake } from '../../operations/repair/repair.ts'
import { drainLake, newLake, publishMarket, type TestLake } from '../embedded/support.ts'
import { SILENT } from '../silent-log.ts'

const GOLD = 'gold_crypto_trades'

let made: TestLake
let lake: Lake
/** Gold of a lake that nothing ever happened to. */
let good: unknown[]

beforeEach(async () => {
  made = await newLake()
  lake = made
  await publishMarket(lake, { market: 0, from: 0, to: 15 })
  await drainLake(lake)
  await publishMarket(lake, { market: 0, from: 15, to: 30 })
  await lake.topics.append(FEED_GAPS_TOPIC, [{ partition: 0, key: null, value: Buffer.from('{}'), timestamp: 0 }])
  await drainLake(lake)
  good = await goldRows()
})
afterEach(() => {
  lake.close()
  rmSync(join(lake.directory, '..'), { recursive: true, force: true })
})

async function goldRows(): Promise<unknown[]> {
  const files = await planFiles(lake.ports, await loadTable(lake.ports, GOLD))
  const paths = await Promise.all(files.map(async file => `'${await lake.ports.store.localFile(file.key)}'`))
  if (paths.length === 0) return []
  return lake.ports.engine.run([
    `SELECT * FROM read_parquet([${paths.join(', ')}], hive_partitioning = false) ORDER BY ALL`,
  ])
}

/** As another process finds it: nothing is in memory. */
async function reopen(damage: () => void = () => {}, lostState = false): Promise<void> {
  lake.close()
  damage()
  lake = await openLake(lake.directory, { lostState })
}

const repair = () => repairLake(lake, wireFunctions(lake, SILENT), createTotals(lake.exchanges))
const objects = (...parts: string[]) => join(lake.directory, 'objects', 'market_data', ...parts)
const violations = async () => (await auditLake(lake)).laws.flatMap(law => law.violations)

/** Some records are in Bronze only, some wait for the tables and Gold, some were never delivered. */
async function leaveWorkPending(): Promise<void> {
  await publishMarket(lake, { market: 0, from: 30, to: 40 })
  const functions = wireFunctions(lake, SILENT)
  for (const exchange of ['binance', 'kraken'])
    for (let turn = 0; turn < 2; turn++) {
      const batch = await lake.topics.poll(topicName(exchange), 30)
      if (!batch) continue
      await functions.bronze.get(exchange)?.(batch.event, invocation(lake.ports))
      await lake.topics.acknowledge(batch)
      const messages = functions.queues.get(exchange)?.receive(10) ?? []
      if (turn === 0) await functions.silver.get(exchange)?.({ Records: messages }, invocation(lake.ports))
    }
}

/** Gold as it must be in the end, from a lake of the same market. */
async function goldOfAnotherLake(): Promise<unknown[]> {
  const damaged = lake
  const other = await newLake()
  try {
    await publishMarket(other, { market: 0, from: 0, to: 40 })
    await drainLake(other)
    lake = other
    return await goldRows()
  } finally {
    lake = damaged
    other.remove()
  }
}

test('nothing is mended where nothing is wrong', async () => {
  expect(await repair()).toEqual([])
  expect(await goldRows()).toEqual(good)
})

describe('the whole state store', () => {
  test('is refused in one line that names the command when it is gone', async () => {
    lake.close()
    rmSync(join(lake.directory, 'state.sqlite'))
    await expect(openLake(lake.directory)).rejects.toThrow(/has lost its state\.sqlite: .* tradelake audit --repair/)
    lake = await openLake(lake.directory, { lostState: true })
  })

  test('is made again from the tables, with work pending at every stage, and again is nothing more', async () => {
    await leaveWorkPending()
    await reopen(() => {
      for (const name of readdirSync(lake.directory))
        if (name.startsWith('state.sqlite')) rmSync(join(lake.directory, name))
    }, true)
    const done = await repair()
    expect(done.join('\n')).toMatch(/the checkpoint of market\.crypto\.trades\.binance-\d+ is at \d+ .* it was lost/)
    expect(done.join('\n')).toMatch(
      /the checkpoint of market\.crypto\.feed\.gaps-0 is at 1 with 0 offsets missing, it was lost/,
    )
    expect(await violations()).toEqual([])
    expect(await goldRows()).toEqual(await goldOfAnotherLake())
    expect(await repair()).toEqual([])
  })

  test('of an older backup is brought up to what the tables hold', async () => {
    const backup = join(lake.directory, 'state.sqlite')
    lake.close()
    const old = readFileSync(backup)
    lake = await openLake(lake.directory)
    await publishMarket(lake, { market: 0, from: 30, to: 40 })
    await drainLake(lake)
    await reopen(() => {
      for (const name of readdirSync(lake.directory))
        if (name.startsWith('state.sqlite')) rmSync(join(lake.directory, name))
      writeFileSync(backup, old)
    })
    await repair()
    expect(await violations()).toEqual([])
    expect(await goldRows()).toEqual(await goldOfAnotherLake())
  })
})

test('a pointer to a metadata file that is missing: the table says so, the others go on, and it is pointed elsewhere', async () => {
  const { metadataLocation } = await loadTable(lake.ports, 'silver_kraken_trades')
  await reopen(() => rmSync(metadataLocation.replace('file://', '')))
  await expect(loadTable(lake.ports, 'silver_kraken_trades')).rejects.toThrow(
    /Table silver_kraken_trades has lost its metadata file file:/,
  )
  await publishMarket(lake, { market: 0, from: 30, to: 40 })
  const bronze = async () => (await loadTable(lake.ports, 'bronze_kraken_trades')).metadata.snapshots.length
  const before = await bronze()
  await expect(drainLake(lake)).rejects.toThrow(/silver_kraken_trades has lost its metadata file/)
  const metrics = createMetrics()
  const functions = wireFunctions(lake, SILENT, metrics)
  await expect(functions.commit({}, invocation(lake.ports))).rejects.toThrow(Corrupt)
  await functions.sweep({}, invocation(lake.ports))
  expect(metrics.values.get('oldest_pending_seconds')).toBeGreaterThan(0)
  expect(await bronze()).toBeGreaterThan(before)
  expect((await goldRows()).length).toBeGreaterThan(good.length)

  const done = await repair()
  expect(done[0]).toMatch(/silver_kraken_trades points to market_data\/.*\.metadata\.json now: .*has lost/)
  expect(await violations()).toEqual([])
  expect(await goldRows()).toEqual(await goldOfAnotherLake())
})

/** The manifest that the table's last commit wrote. */
function lastManifest(table: string): string {
  const names = readdirSync(objects(table, 'metadata')).filter(
    name => name.endsWith('.avro') && !name.startsWith('snap-'),
  )
  return objects(table, 'metadata', names.sort().at(-1) as string)
}
const damage = (path: string) => () => writeFileSync(path, readFileSync(path).subarray(0, 40))

for (const table of ['bronze_binance_trades', 'silver_binance_trades', 'silver_dlq_trades', GOLD, 'gold_ohlcv_1m'])
  test(`a manifest of ${table} that cannot be read: the table goes back to before it, and what it lacks comes again`, async () => {
    await reopen(damage(lastManifest(table)))
    await expect(loadTable(lake.ports, table).then(loaded => planFiles(lake.ports, loaded))).rejects.toThrow(Corrupt)

    const done = await repair()
    expect(done.join('\n')).toMatch(new RegExp(`${table} went back`))
    expect(await violations()).toEqual([])
    expect(await goldRows()).toEqual(good)
  })

test('a manifest that cannot be read stops its own function, in one line and with what the alarms watch; the others go on', async () => {
  await reopen(damage(lastManifest(GOLD)))
  await publishMarket(lake, { market: 0, from: 30, to: 40 })
  const silver = async () => (await loadTable(lake.ports, 'silver_binance_trades')).metadata.snapshots.length
  const before = await silver()
  const metrics = createMetrics()
  const functions = wireFunctions(lake, SILENT, metrics)
  const draining = drain(lake, functions, createTotals(lake.exchanges))
  await expect(draining).rejects.toThrow(/\d+ pending for gold\. .*gold_crypto_trades\/metadata\/.*\.avro/)
  // The function's own failure is what AWS counts as its error.
  await expect(functions.gold({}, invocation(lake.ports))).rejects.toThrow(Corrupt)
  await functions.sweep({}, invocation(lake.ports))
  expect(metrics.values.get('oldest_pending_seconds')).toBeGreaterThan(0)
  expect(await silver()).toBeGreaterThan(before)

  await repair()
  expect(await violations()).toEqual([])
  expect(await goldRows()).toEqual(await goldOfAnotherLake())
})

for (const table of ['silver_binance_trades', 'silver_dlq_trades', GOLD, 'gold_ohlcv_1h'])
  test(`a data file of ${table} that is gone comes again`, async () => {
    const [file] = await planFiles(lake.ports, await loadTable(lake.ports, table))
    await reopen(() => rmSync(join(lake.directory, 'objects', file.key)))
    const done = await repair()
    expect(done[0]).toBe(`${table} no longer names ${file.key} with its ${file.records} rows: it is missing`)
    expect(await violations()).toEqual([])
    expect(await goldRows()).toEqual(good)
  })

test('a Bronze object that cannot be read is named, does no other harm, and becomes a gap that its records may close', async () => {
  await leaveWorkPending()
  const [item] = await listPending(lake.ports, consumers.silver('binance'), 10)
  const path = join(lake.directory, 'objects', item.id)
  const whole = readFileSync(path)
  await reopen(() => writeFileSync(path, Buffer.concat([whole.subarray(0, 300), Buffer.alloc(whole.length - 300)])))
  const trouble = drainLake(lake)
  await expect(trouble).rejects.toThrow(/Not everything could be worked off: 1 pending for silver_binance/)
  await expect(trouble).rejects.toThrow(`${item.id} is not as Bronze wrote it`)
  const metrics = createMetrics()
  await wireFunctions(lake, SILENT, metrics).sweep({}, invocation(lake.ports))
  expect(metrics.values.get('oldest_pending_seconds')).toBeGreaterThan(0)
  expect((await goldRows()).length).toBeGreaterThan(good.length)

  const done = await repair()
  expect(done.join('\n')).toMatch(/records is no longer waited for|no longer names/)
  expect(done.join('\n')).toMatch(/the checkpoint of .* offsets missing/)
  const { laws } = await auditLake(lake)
  expect(laws.flatMap(law => law.violations)).toEqual([])
  expect(JSON.stringify(laws[0])).toMatch(/gap/)
})
