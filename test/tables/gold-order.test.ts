import fc from 'fast-check'
import { expect, test } from 'vitest'
import { GOLD_TABLE } from '../../domain/tables.ts'
import { openTable } from '../../iceberg/catalog.ts'
import { currentSnapshot } from '../../iceberg/metadata.ts'
import { planGold } from '../../tables/gold.ts'
import { EVERY_TRADE } from '../../tables/gold-columns.ts'
import { tradesInOrder } from '../../tables/gold-order.ts'
import { feed } from '../functions/gold-support.ts'
import { memoryLake, START_MICROS, testEngine, tradeOf, unifyAll } from '../functions/support.ts'

const engine = await testEngine()
const HOUR = 3_600_000_000n

test('a file is read when the merge has reached its first trade', async () => {
  const lake = memoryLake({ engine })
  // Five hours of trades, a file each, the last hour first.
  const hours = [4n, 3n, 2n, 1n, 0n]
  for (const hour of hours) {
    const from = START_MICROS - (hour + 1n) * HOUR
    const trades = [0, 1, 2].map(n => tradeOf(Number(hour) * 10 + n, { timestamp: from + BigInt(n) * 1_000_000n }))
    await feed(lake, trades)
    await unifyAll(lake)
  }
  const gold = await openTable(lake.ports, GOLD_TABLE)
  const snapshotId = gold && currentSnapshot(gold.metadata)?.['snapshot-id']
  if (!gold || snapshotId === undefined) throw new Error('there is no Gold')
  const files = await planGold(lake.ports, gold, { from: 0n, to: START_MICROS }, { snapshotId })
  expect(files).toHaveLength(5)
  const read = new Set<string>()
  lake.before = ({ kind, key }) => {
    if (kind === 'get') read.add(key)
  }
  lake.ranges.length = 0
  const opened = () => new Set([...read, ...lake.ranges]).size
  const batches = tradesInOrder(lake.ports, [...files].reverse(), EVERY_TRADE)
  const times: number[] = []
  const openedAt = new Map<number, number>()
  for await (const { count, columns, from, rows } of batches)
    for (let at = 0; at < count; at++) {
      const time = columns[from[at]].times[rows[at]]
      times.push(time)
      openedAt.set(time, opened())
    }
  const inOrder = [4n, 3n, 2n, 1n, 0n].flatMap(hour =>
    [0, 1, 2].map(n => Number(START_MICROS - (hour + 1n) * HOUR) + n * 1_000_000),
  )
  expect(times).toEqual(inOrder)
  expect(inOrder.map(time => openedAt.get(time))).toEqual([1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4, 5, 5, 5])
})

test('trades are in order whatever is late in which file', async () => {
  const SECOND = 1_000_000
  // Seconds before the last file's; those of a file lie near each other but for the late ones.
  const files = fc.array(
    fc.record({
      near: fc.array(fc.nat(20), { minLength: 1, maxLength: 5 }),
      late: fc.array(fc.integer({ min: 20, max: 900 }), { maxLength: 3 }),
    }),
    { minLength: 2, maxLength: 8 },
  )
  await fc.assert(
    fc.asyncProperty(files, async parts => {
      const lake = memoryLake({ engine })
      const times: number[] = []
      for (const [number, { near, late }] of parts.entries()) {
        const end = Number(START_MICROS) + number * 30 * SECOND
        const some = [...near, ...late].map(seconds => end - seconds * SECOND)
        await feed(
          lake,
          some.map((time, i) => tradeOf(times.length + i, { timestamp: BigInt(time) })),
        )
        times.push(...some)
        await unifyAll(lake)
      }
      const gold = await openTable(lake.ports, GOLD_TABLE)
      const snapshotId = gold && currentSnapshot(gold.metadata)?.['snapshot-id']
      if (!gold || snapshotId === undefined) throw new Error('there is no Gold')
      const end = BigInt(Math.max(...times))
      const planned = await planGold(lake.ports, gold, { from: 0n, to: end }, { snapshotId })

      const found: number[] = []
      for await (const { count, columns, from, rows } of tradesInOrder(lake.ports, planned, EVERY_TRADE))
        for (let at = 0; at < count; at++) found.push(columns[from[at]].times[rows[at]])

      expect(found).toEqual(times.sort((a, b) => a - b))
    }),
    { numRuns: 30 },
  )
})
