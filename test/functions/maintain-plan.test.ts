import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { candleTable, GOLD_TABLE, silverTable } from '../../domain/tables.ts'
import { TIMEFRAMES } from '../../domain/timeframes.ts'
import type { LiveFile, Partition } from '../../functions/maintain/files.ts'
import { planJoins } from '../../functions/maintain/plan.ts'

const TARGET = 1_000_000
const GOLD = { ...GOLD_TABLE, targetFileBytes: TARGET }
const SILVER = { ...silverTable(EXCHANGES[0]), targetFileBytes: TARGET }
const DAY = 20_000
const DAY_MS = 86_400_000
const HOUR = { exchange_date: DAY, exchange_hour: 3 }
const HOUR_END = DAY * DAY_MS + 4 * 3_600_000
const AFTER = DAY * DAY_MS + 30 * DAY_MS

let number = 0
const file = (bytes: number, from = number): LiveFile => {
  return {
    key: `file-${String(++number).padStart(6, '0')}`,
    bytes,
    records: bytes,
    from: BigInt(from),
    newest: BigInt(from),
  }
}
const partition = (files: readonly LiveFile[], values: Partition['values'] = HOUR): Partition => {
  return { path: JSON.stringify(values), values, files: [...files] }
}
const plan = (files: readonly LiveFile[], nowMs = AFTER, pending: readonly string[] = []) =>
  planJoins(GOLD, [partition(files)], new Set(pending), nowMs).map(join => join.files.map(({ bytes }) => bytes).sort())

describe('a closed partition', () => {
  test('is one whose end is ten minutes past', () => {
    const files = [file(1_000), file(1_000)]
    expect(plan(files, HOUR_END + 9 * 60_000)).toEqual([])
    expect(plan(files, HOUR_END + 10 * 60_000)).toHaveLength(1)
  })

  test('of candles is one whose end is a day past, of a month too', () => {
    const table = candleTable(TIMEFRAMES.find(({ partition }) => partition === 'month')!)
    const values = { window_date_month: 12 }
    const at = (nowMs: number) => planJoins(table, [partition([file(9), file(9)], values)], new Set(), nowMs)
    expect(at(Date.UTC(1971, 1, 1, 23))).toEqual([])
    expect(at(Date.UTC(1971, 1, 2))).toHaveLength(1)
  })

  test('has its small files joined, not those that are large enough, nor one alone', () => {
    expect(plan([file(800_000), file(1_000), file(2_000)])).toEqual([[1_000, 2_000]])
    expect(plan([file(800_000), file(1_000)])).toEqual([])
    expect(plan([])).toEqual([])
  })

  test('leaves a file alone that is large against the rest, until the rest is a quarter of it', () => {
    expect(plan([file(400_000), file(30_000), file(30_000)])).toEqual([[30_000, 30_000]])
    expect(plan([file(400_000), file(50_000), file(50_000)])).toEqual([[400_000, 50_000, 50_000]])
  })

  test('leaves out files that a stage has yet to read', () => {
    const files = [file(1_000), file(2_000), file(3_000)]
    expect(plan(files, AFTER, [files[1].key])).toEqual([[1_000, 3_000]])
  })

  test('is joined in time order, into files of about the target', () => {
    const files = Array.from({ length: 50 }, (_, i) => file(100_000, 1_000 - i))
    const joins = planJoins(GOLD, [partition(files)], new Set(), AFTER)
    expect(joins.map(join => join.files.length)).toEqual([11, 11, 11, 11, 6])
    const times = joins.map(join => join.files.map(({ from }) => Number(from)))
    for (const [i, some] of times.entries())
      for (const others of times.slice(i + 1))
        expect(Math.max(...some) < Math.min(...others) || Math.min(...some) > Math.max(...others)).toBe(true)
  })
})

test('an open day has only what fills a file joined, or five hundred files', () => {
  const values = { exchange_date_day: DAY }
  const open = (files: readonly LiveFile[]) =>
    planJoins(SILVER, [partition(files, values)], new Set(), DAY * DAY_MS + 1).map(join => join.files.length)
  expect(open(Array.from({ length: 499 }, (_, i) => file(1_000, i)))).toEqual([])
  expect(open(Array.from({ length: 500 }, (_, i) => file(1_000, i)))).toEqual([500])
  expect(open(Array.from({ length: 25 }, (_, i) => file(100_000, i)))).toEqual([11, 11])
})

test('the most fragmented partition comes first, then the oldest', () => {
  const hour = (exchange_hour: number, files: number) =>
    partition(
      Array.from({ length: files }, () => file(10)),
      { exchange_date: DAY, exchange_hour },
    )
  const joins = planJoins(GOLD, [hour(5, 2), hour(4, 2), hour(6, 9)], new Set(), AFTER)
  expect(joins.map(join => join.partition.values.exchange_hour)).toEqual([6, 4, 5])
})

test('files that come one after another are each written a few times, and few are left', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 30_000 }), { minLength: 100, maxLength: 600 }),
      fc.integer({ min: 1, max: 30 }),
      (sizes, every) => {
        let live: LiveFile[] = []
        let written = 0
        for (const [i, bytes] of sizes.entries()) {
          live.push(file(bytes, i))
          if (i % every > 0 && i < sizes.length - 1) continue
          for (let joins = 1; joins > 0; ) {
            const found = planJoins(GOLD, [partition(live)], new Set(), AFTER)
            joins = found.length
            for (const join of found) {
              const gone = new Set(join.files.map(({ key }) => key))
              const total = join.files.reduce((sum, each) => sum + each.bytes, 0)
              written += total
              const from = Math.min(...join.files.map(each => Number(each.from)))
              live = [...live.filter(({ key }) => !gone.has(key)), { ...file(total, from), from: BigInt(from) }]
            }
          }
        }
        const total = sizes.reduce((sum, bytes) => sum + bytes, 0)
        expect(live.reduce((sum, each) => sum + each.bytes, 0)).toBe(total)
        expect(live.length).toBeLessThanOrEqual(3 + Math.ceil((4 * total) / TARGET))
        expect(written / total).toBeLessThan(14)
      },
    ),
    { numRuns: 60 },
  )
})
