/** A catalog that was restored from an older backup: maintenance deletes nothing until a repair has looked at it. */
import { expect, test } from 'vitest'
import { EXCHANGES } from '../../domain/exchanges.ts'
import type { Attributes } from '../../domain/ports.ts'
import { allTables, GOLD_TABLE } from '../../domain/tables.ts'
import { maintain } from '../../functions/maintain/maintain.ts'
import { pointerKey } from '../../iceberg/catalog.ts'
import { settle } from '../../iceberg/lineage.ts'
import { feed } from './gold-support.ts'
import { DAY_MS, HOUR_MS, MINUTE_MS, objectKeys, runMinutes, upkeep } from './maintain-support.ts'
import { Crash, crashOnce, isCommit, type MemoryLake, memoryLake, testEngine, tradeOf, unifyAll } from './support.ts'

const engine = await testEngine()

/** The pointers of all tables as they are now. */
async function backUp(lake: MemoryLake): Promise<() => Promise<void>> {
  const items: { name: string; attributes: Attributes | undefined }[] = []
  for (const { name } of allTables(EXCHANGES))
    items.push({ name, attributes: await lake.ports.state.get(pointerKey(name)) })
  return async () => {
    for (const { name, attributes } of items)
      if (attributes)
        await lake.ports.state.transact(
          [{ kind: 'put', item: { key: pointerKey(name), attributes } }],
          lake.ports.ids.uuid(),
        )
  }
}

const minutes = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => [tradeOf(from + i)])

/** Days of maintenance; what it said first, and which objects it deleted. */
async function maintainForDays(lake: MemoryLake) {
  const before = await objectKeys(lake, 'market_data/')
  const run = () =>
    maintain(lake.ports, EXCHANGES, Number.POSITIVE_INFINITY, { sweepEveryMs: 0, closedAfterMs: 365 * DAY_MS })
  const first = await run()
  for (let hours = 0; hours < 30; hours += 2) {
    lake.clock.advance(2 * HOUR_MS)
    await run()
  }
  const after = new Set(await objectKeys(lake, 'market_data/'))
  return { first, deleted: before.filter(key => !after.has(key)) }
}

test('a pointer behind the metadata that was written stops the sweep of every table, in one line that names the command', async () => {
  const lake = memoryLake({ engine })
  await runMinutes(lake, minutes(0, 3))
  const restore = await backUp(lake)
  await runMinutes(lake, minutes(3, 6))
  await restore()
  const { first, deleted } = await maintainForDays(lake)
  expect(first.sweepRefused).toBe(true)
  expect(first.failures).toEqual([
    {
      what: 'sweep',
      reason:
        'Nothing is swept: bronze_binance_trades stands at version 3, although version 6 was written. Run tradelake audit --repair, or restore the newer catalog.',
    },
  ])
  expect(deleted).toEqual([])
})

test('commits that overtake what was lost do not hide it', async () => {
  const lake = memoryLake({ engine })
  await runMinutes(lake, minutes(0, 3))
  const restore = await backUp(lake)
  await runMinutes(lake, minutes(3, 6))
  await restore()
  await runMinutes(lake, minutes(6, 12))
  const { first, deleted } = await maintainForDays(lake)
  expect(first.failures[0].reason).toMatch(/bronze_binance_trades was set back to version 3 and has gone on from there/)
  expect(deleted).toEqual([])
  for (const { name } of allTables(EXCHANGES)) await settle(lake.ports, name)
  expect((await maintainForDays(lake)).first.sweepRefused).toBe(false)
})

test('attempts that failed at many versions do not stop the sweep', async () => {
  const lake = memoryLake({ engine })
  for (let i = 0; i < 6; i++) {
    await feed(lake, [tradeOf(i)])
    crashOnce(lake, 'before', isCommit)
    await expect(unifyAll(lake)).rejects.toThrow(Crash)
    await runMinutes(lake, [[tradeOf(100 + i)]])
    lake.clock.advance(MINUTE_MS)
  }
  const files = await objectKeys(lake, `market_data/${GOLD_TABLE.name}/metadata/`)
  expect(files.filter(key => key.endsWith('.json')).length).toBeGreaterThan(10)
  expect((await upkeep(lake)).sweepRefused).toBe(false)
})
