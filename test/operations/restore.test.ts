/** The state store that was lost, or restored from a backup: the tables bring it up to what they hold. */
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, test } from 'vitest'
import { topicName } from '../../domain/names.ts'
import { invocation, wireFunctions } from '../../embedded/functions.ts'
import { openLake } from '../../embedded/lake.ts'
import { maintain } from '../../functions/maintain/maintain.ts'
import { drainLake, publishMarket } from '../embedded/support.ts'
import { SILENT } from '../silent-log.ts'
import { mendedLake } from './repair-support.ts'

const it = mendedLake()

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
      const rowsOf = (database: DatabaseSync) => database.prepare('SELECT * FROM items WHERE store = ?').all(name)
      let old: Record<string, unknown>[] = []
      const open = (work: (database: DatabaseSync) => void) => () => {
        const database = new DatabaseSync(path)
        work(database)
        database.close()
      }
      await it.reopen(open(database => (old = rowsOf(database))))
      for (const from of [35, 37, 38, 39]) {
        await publishMarket(it.lake, { market: 0, from, to: from === 35 ? 37 : from + 1 })
        await drainLake(it.lake)
      }
      await it.reopen(
        open(database => {
          database.prepare('DELETE FROM items WHERE store = ?').run(name)
          const insert = database.prepare('INSERT INTO items VALUES (?, ?, ?, ?)')
          for (const { store, pk, sk, attributes } of old)
            insert.run(String(store), String(pk), String(sk), String(attributes))
        }),
      )
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
})
