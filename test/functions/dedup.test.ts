/** Where a trade's repeats are looked for, and which row stays: the one with the lowest lineage (exchange, epoch, partition, offset). */
import { expect, test } from 'vitest'
import { type Batch, type BytesColumn, bytesOf, dictionaryOf } from '../../domain/columns.ts'
import { findRepeats } from '../../domain/repeats.ts'
import { rowStarts } from '../../domain/take.ts'
import { feed, goldRow, goldRows } from './gold-support.ts'
import { memoryLake, START_MICROS, testEngine, tradeOf, unifyAll } from './support.ts'

type Lineage = readonly [exchange: string, epoch: number, partition: number, offset: number]

function batchOf(rows: readonly { readonly id: string; readonly time: bigint; readonly lineage: Lineage }[]): Batch {
  const int32 = (values: number[]) => ({ kind: 'int32' as const, values: Int32Array.from(values) })
  const int64 = (values: bigint[]) => ({ kind: 'int64' as const, values: BigInt64Array.from(values) })
  return {
    rows: rows.length,
    columns: {
      message_id: bytesOf(rows.map(({ id }) => Buffer.from(id))),
      timestamp: int64(rows.map(({ time }) => time)),
      exchange: dictionaryOf(rows.map(({ lineage }) => lineage[0])),
      topic_epoch: int32(rows.map(({ lineage }) => lineage[1])),
      kafka_partition: int32(rows.map(({ lineage }) => lineage[2])),
      kafka_offset: int64(rows.map(({ lineage }) => BigInt(lineage[3]))),
    },
  }
}

const ID = '6f1c4a2e-8d3b-5f70-a94e-000000000001'
function staying(...lineages: Lineage[]): Lineage[] {
  const batch = batchOf(lineages.map(lineage => ({ id: ID, time: 1_000_000n, lineage })))
  const repeated = findRepeats(batch, rowStarts(batch.columns.message_id as BytesColumn, batch.rows)).finish()
  return lineages.filter((_, row) => repeated[row] === 0)
}

test.each<[string, Lineage, Lineage]>([
  ['an exchange goes by its name, before its epochs', ['BINANCE', 1, 1, 9], ['KRAKEN', 0, 0, 0]],
  ['an epoch goes before partitions', ['BINANCE', 0, 7, 9], ['BINANCE', 1, 0, 0]],
  ['a partition goes before offsets', ['BINANCE', 1, 2, 9], ['BINANCE', 1, 3, 0]],
  ['the lower offset is the first', ['BINANCE', 1, 2, 9], ['BINANCE', 1, 2, 10]],
])('%s', (_, first, second) => {
  expect(staying(first, second)).toEqual([first])
  expect(staying(second, first)).toEqual([first])
})

const SECOND = 1_000_000n
const MINUTE = 60n * SECOND

test.each([
  ['begin', -SECOND, 0n],
  ['end', MINUTE - 1n, MINUTE - 1n + SECOND],
])(
  'a repeat that comes alone is found a second away over the %s of its minute, whichever came first',
  async (_, earlier, later) => {
    const lake = memoryLake({ engine: await testEngine() })
    const minute = START_MICROS - (START_MICROS % MINUTE)
    const old = tradeOf(1, { timestamp: minute + earlier })
    const young = tradeOf(2, { timestamp: minute + later })
    for (const trade of [
      old,
      { ...old, timestamp: minute + later },
      young,
      { ...young, timestamp: minute + earlier },
    ]) {
      await feed(lake, [trade])
      await unifyAll(lake)
    }
    expect(await goldRows(lake)).toEqual([old, young].map(goldRow).sort())
  },
)
