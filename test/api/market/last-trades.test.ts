/** The last trades are Gold's, whatever is late in which file, and the files of an hour are not all read for a few. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { lastTrades } from '../../../api/market/trades.ts'
import { GOLD_TABLE } from '../../../domain/tables.ts'
import { openTable } from '../../../iceberg/catalog.ts'
import { currentSnapshot } from '../../../iceberg/metadata.ts'
import { feed } from '../../functions/gold-support.ts'
import { memoryLake, START_MICROS, testEngine, tradeOf, unifyAll } from '../../functions/support.ts'

const engine = await testEngine()
const SECOND = 1_000_000
const EVERY_MARKET = { has: () => true }

/** A lake with a file of Gold's for each list of times, microseconds since 1970. */
async function lakeOf(files: readonly (readonly number[])[]) {
  const lake = memoryLake({ engine })
  let count = 0
  for (const times of files) {
    await feed(
      lake,
      times.map(time => tradeOf(count++, { timestamp: BigInt(time) })),
    )
    await unifyAll(lake)
  }
  const gold = await openTable(lake.ports, GOLD_TABLE)
  const snapshotId = gold && currentSnapshot(gold.metadata)?.['snapshot-id']
  return {
    lake,
    last: (from: number, to: number, limit: number) =>
      lastTrades(lake.ports, gold, { markets: EVERY_MARKET, from: BigInt(from), to: BigInt(to), snapshotId }, limit),
  }
}

test('the last of any range are the end of all, in their order', async () => {
  const start = Number(START_MICROS)
  // Some in the same minute, some days before.
  const ago = fc.oneof(fc.nat(70), fc.nat(5_000), fc.nat(300_000))
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(ago, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 6 }),
      fc.array(fc.record({ from: fc.nat(310_000), to: fc.nat(400), limit: fc.integer({ min: 1, max: 30 }) }), {
        minLength: 1,
        maxLength: 6,
      }),
      async (parts, ranges) => {
        const files = parts.map(part => part.map(seconds => start - seconds * SECOND))
        const { last } = await lakeOf(files)
        for (const { from, to, limit } of ranges) {
          const [begin, end] = [start - from * SECOND, start - to * SECOND]
          const expected = files.flat().filter(time => time >= begin && time < end)

          const found = await last(begin, end, limit)

          expect(found.map(({ time }) => Number(time))).toEqual(expected.sort((a, b) => a - b).slice(-limit))
        }
      },
    ),
    { numRuns: 30 },
  )
})

test('for the last two trades the one file that has them is read, and not those of the minutes before', async () => {
  // No hour ends among them: a file of Gold's is of one hour.
  const start = Number(START_MICROS) - 1_800 * SECOND
  const minutes = [5, 4, 3, 2, 1, 0]
  const { lake, last } = await lakeOf(
    minutes.map(minute => [start - minute * 60 * SECOND, start - minute * 60 * SECOND - SECOND]),
  )
  const read = new Set<string>()
  lake.before = ({ kind, key }) => {
    if (kind === 'get' && key?.includes('/data/')) read.add(key)
  }
  lake.ranges.length = 0

  const found = await last(start - 600 * SECOND, start + 1, 2)

  expect(found.map(({ time }) => Number(time))).toEqual([start - SECOND, start])
  expect(new Set([...read, ...lake.ranges]).size).toBe(1)
})
