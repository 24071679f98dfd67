/** The state store that was lost, or restored from a backup: the tables bring it up to what they hold. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { topicName } from '../../domain/names.ts'
import { allTables } from '../../domain/tables.ts'
import { invocation, wireFunctions } from '../../embedded/functions.ts'
import { openLake } from '../../embedded/lake.ts'
import { maintain } from '../../functions/maintain/maintain.ts'
import { findTable } from '../../iceberg/catalog.ts'
import { planFiles } from '../../iceberg/scan.ts'
import { auditLake } from '../../operations/audit/audit.ts'
import { drainLake, publishMarket } from '../embedded/support.ts'
import { SILENT } from '../silent-log.ts'
import { mendedLake } from './repair-support.ts'

const it = mendedLake()

/** One of the two tables of the state file. */
function itemsOf(path: string, store: string): Record<string, unknown>[] {
  const database = new DatabaseSync(path)
  const items = database.prepare('SELECT * FROM items WHERE store = ?').all(store)
  database.close()
  return items
}

function putItems(path: string, store: string, items: readonly Record<string, unknown>[]): void {
  const database = new DatabaseSync(path)
  database.prepare('DELETE FROM items WHERE store = ?').run(store)
  const insert = database.prepare('INSERT INTO items VALUES (?, ?, ?, ?)')
  for (const { pk, sk, attributes } of items) insert.run(store, String(pk), String(sk), String(attributes))
  database.close()
}

describe('the state store', () => {
  test('is refused in one line that names the command when it is gone', async () => {
    it.lake.close()
    rmSync(join(it.lake.directory, 'state.sqlite'))
    await expect(openLake(it.lake.directory)).rejects.toThrow(/has lost its state\.sqlite: .* tradelake audit --repair/)
    it.lake = await openLake(it.lake.directory, { lostState: true })
  })

  test('is made again from the tables, with work pending at every stage, and again is nothing more', async () => {
    await it.leaveWorkPending()
    await it.reopen(() => {
      for (const name of readdirSync(it.lake.directory))
        if (name.startsWith('state.sqlite')) rmSync(join(it.lake.directory, name))
    }, true)
    const done = await it.repair()
    expect(done.join('\n')).toMatch(/the checkpoint of market\.crypto\.trades\.binance-\d+ is at \d+ .* it was lost/)
    expect(done.join('\n')).toMatch(
      /the checkpoint of market\.crypto\.feed\.gaps-0 is at 1 with 0 offsets missing, it was lost/,
    )
    expect(await it.violations()).toEqual([])
    expect(await it.goldRows()).toEqual(await it.goldOfAnotherLake())
    expect(await it.repair()).toEqual([])
  })

  test('of an older backup is brought up to what the tables hold', async () => {
    const backup = join(it.lake.directory, 'state.sqlite')
    it.lake.close()
    const old = readFileSync(backup)
    it.lake = await openLake(it.lake.directory)
    await publishMarket(it.lake, { market: 0, from: 30, to: 40 })
    await drainLake(it.lake)
    await it.reopen(() => {
      for (const name of readdirSync(it.lake.directory))
        if (name.startsWith('state.sqlite')) rmSync(join(it.lake.directory, name))
      writeFileSync(backup, old)
    })
    await it.repair()
    expect(await it.violations()).toEqual([])
    expect(await it.goldRows()).toEqual(await it.goldOfAnotherLake())
  })

  test.each(['state', 'catalog'])(
    'of which only the table %s is older, and was worked on since, is mended',
    async name => {
      await publishMarket(it.lake, { market: 0, from: 30, to: 35 })
      const functions = wireFunctions(it.lake, SILENT)
      // Some objects wait for Silver and the tables when the backup is made.
      for (let batch = await it.lake.topics.poll(topicName('binance'), 200); batch; ) {
        await functions.bronze.get('binance')?.(batch.event, invocation(it.lake.ports))
        await it.lake.topics.acknowledge(batch)
        batch = await it.lake.topics.poll(topicName('binance'), 200)
      }
      const path = join(it.lake.directory, 'state.sqlite')
      let old: Record<string, unknown>[] = []
      await it.reopen(() => (old = itemsOf(path, name)))
      for (const from of [35, 37, 38, 39]) {
        await publishMarket(it.lake, { market: 0, from, to: from === 35 ? 37 : from + 1 })
        await drainLake(it.lake)
      }
      await it.reopen(() => putItems(path, name, old))
      await drainLake(it.lake)
      expect(await it.violations()).not.toEqual([])
      const swept = () => maintain(it.lake.ports, it.lake.exchanges, Number.POSITIVE_INFINITY, { sweepEveryMs: 0 })
      if (name === 'catalog') {
        expect(JSON.stringify(await it.violations())).toMatch(/what was committed since is not in it/)
        expect(await swept()).toMatchObject({ sweepRefused: true, failures: [{ what: 'sweep' }] })
      }
      await it.repair()
      expect(await it.violations()).toEqual([])
      expect(await it.goldRows()).toEqual(await it.goldOfAnotherLake())
      expect(await it.repair()).toEqual([])
      expect(await swept()).toMatchObject({ sweepRefused: false, failures: [] })
      expect(await it.violations()).toEqual([])
    },
  )

  test('whose lists name files that were joined and deleted since is mended', async () => {
    await publishMarket(it.lake, { market: 0, from: 30, to: 35 })
    const functions = wireFunctions(it.lake, SILENT)
    for (const exchange of ['binance', 'kraken', 'coinbase'])
      for (let batch = await it.lake.topics.poll(topicName(exchange), 200); batch; ) {
        await functions.bronze.get(exchange)?.(batch.event, invocation(it.lake.ports))
        await it.lake.topics.acknowledge(batch)
        const Records = functions.queues.get(exchange)?.receive(10) ?? []
        await functions.silver.get(exchange)?.({ Records }, invocation(it.lake.ports))
        batch = await it.lake.topics.poll(topicName(exchange), 200)
      }
    // Files wait for their tables, and Silver's for Gold.
    const path = join(it.lake.directory, 'state.sqlite')
    let old: Record<string, unknown>[] = []
    await it.reopen(() => (old = itemsOf(path, 'state')))
    await publishMarket(it.lake, { market: 0, from: 35, to: 40 })
    await drainLake(it.lake)
    await maintain(it.lake.ports, it.lake.exchanges, Number.POSITIVE_INFINITY, { closedAfterMs: -2 * 86_400_000 })
    for (const table of allTables(it.lake.exchanges)) {
      const loaded = await findTable(it.lake.ports, table.name)
      const live = new Set((loaded ? await planFiles(it.lake.ports, loaded) : []).map(({ key }) => key))
      for await (const { key } of it.lake.ports.store.list(`market_data/${table.name}/`))
        if (key.endsWith('.parquet') && !live.has(key)) await it.lake.ports.store.delete([key])
    }
    // Joined files are deleted when no snapshot of the last day has them: whatever still names them is older.
    const dayOld = (attributes: unknown) =>
      String(attributes).replace(/"created_at":(\d+)/, (_, made) => `"created_at":${Number(made) - 86_400_000}`)
    const older = old.map(item => ({ ...item, attributes: dayOld(item.attributes) }))
    expect(older).not.toEqual(old)
    await it.reopen(() => putItems(path, 'state', older))
    await drainLake(it.lake).catch(() => {})
    await it.repair()
    expect(await auditLake(it.lake)).toMatchObject({ holds: true, losses: [] })
    expect(await it.goldRows()).toEqual(await it.goldOfAnotherLake())
    expect(await it.repair()).toEqual([])
  }, 120_000)
})
