/**
 * Bronze: each record once, byte for byte, whatever is repeated, split or recreated.
 * Over 250 lines: the cases of one stage.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MAX_GAPS } from '../../domain/checkpoint.ts'
import { Fenced } from '../../domain/errors.ts'
import { consumers } from '../../domain/names.ts'
import { checkpoint, inEpoch, put, run, stored, TOPIC, table, text } from './bronze-support.ts'
import {
  Crash,
  commitAll,
  crashOnce,
  isCommit,
  memoryLake,
  pauseOnce,
  pendingIds,
  rowsOf,
  START,
  START_MICROS,
  type TestRecord,
} from './support.ts'

describe('a batch', () => {
  test('is stored with every value byte for byte, every key and every time', async () => {
    const lake = memoryLake()
    const big = Buffer.alloc(1_000_000, 'x').fill(0xff, 10, 20)
    const records: TestRecord[] = [
      { partition: 3, offset: 0, key: text('BTCUSDT'), value: Buffer.from([0, 1, 255, 0]) },
      { partition: 3, offset: 1, key: null, value: null },
      { partition: 3, offset: 2, key: Buffer.alloc(0), value: Buffer.alloc(0) },
      { partition: 3, offset: 3, key: Buffer.from([0xff, 0xfe]), value: text('Ünïcode 🚀') },
      { partition: 7, offset: 0, key: text('\\xff'), value: big, timestamp: START + 5 },
    ]

    const result = await put(lake, records)

    expect(result).toEqual({
      ingested: 5,
      repeats: 0,
      clamped: 0,
      gapOffsets: 0,
      newEpochs: 0,
      newestMillis: START + 5,
    })
    const rows = await rowsOf(lake, table)
    expect(rows.map(row => row.message_key)).toEqual(['BTCUSDT', null, '', '\\xfffe', '\\xff'])
    expect(rows.map(row => row.raw_bytes && Buffer.from(row.raw_bytes as Uint8Array))).toEqual(
      records.map(record => record.value),
    )
    expect(rows[4]).toMatchObject({
      topic: TOPIC,
      partition: 7,
      offset: 0n,
      topic_epoch: 0,
      kafka_timestamp: START_MICROS + 5_000n,
      ingestion_timestamp: START_MICROS,
      ingestion_date: Math.floor(START / 86_400_000),
    })
  })

  test('is pending for Silver under its object’s key, and for the table', async () => {
    const lake = memoryLake()
    await put(lake, run(0, 0, 3))
    const [key, ...more] = await pendingIds(lake, consumers.silver('binance'))
    expect(more).toEqual([])
    expect(key).toMatch(
      /^market_data\/bronze_binance_trades\/data\/ingestion_date_day=2026-11-20\/[0-9a-f-]{36}\.parquet$/,
    )
    expect((await lake.ports.store.head(key))?.bytes).toBeGreaterThan(500)
    expect(await pendingIds(lake, consumers.table(table.name))).toHaveLength(1)
  })

  test('has Kafka times outside 1970-9999 clamped and counted', async () => {
    const lake = memoryLake()
    const times = [-1, -(2 ** 52), 0, 253_402_300_799_999, 253_402_300_800_000, Number.MAX_SAFE_INTEGER]
    const records = times.map((timestamp, offset) => ({ partition: 0, offset, value: text('v'), timestamp }))
    expect((await put(lake, records)).clamped).toBe(4)
    const last = 253_402_300_799_999_000n
    const rows = await rowsOf(lake, table, ['kafka_timestamp'])
    expect(rows.map(row => row.kafka_timestamp)).toEqual([0n, 0n, 0n, last, last, last])
    // A clamped record that comes again is the same record.
    expect(await put(lake, records)).toMatchObject({ ingested: 0, repeats: 6, newEpochs: 0 })
  })

  test('without records changes nothing', async () => {
    const lake = memoryLake()
    expect(await put(lake, [])).toMatchObject({ ingested: 0, newestMillis: undefined })
    expect(await pendingIds(lake, consumers.silver('binance'))).toEqual([])
  })

  test('of more than 90 partitions is stored in several transactions of at most 100 writes', async () => {
    const lake = memoryLake()
    const sizes: number[] = []
    lake.before = step => void (step.kind === 'transact' && sizes.push(step.writes.length))
    const records = Array.from({ length: 200 }, (_, partition) => run(partition, 0, 2)).flat()
    expect((await put(lake, records)).ingested).toBe(400)
    expect(sizes).toEqual([92, 92, 22])
    expect(await stored(lake)).toEqual(inEpoch(records))
    expect(await put(lake, records)).toMatchObject({ ingested: 0, repeats: 400 })
  })
})

describe('a batch that comes again', () => {
  for (const committed of [false, true])
    test(`is skipped, whole or split differently, ${committed ? 'from the table' : 'while it is pending'}`, async () => {
      const lake = memoryLake()
      await put(lake, run(0, 0, 10))
      await put(lake, run(0, 10, 20))
      if (committed) await commitAll(lake)
      expect(await put(lake, run(0, 0, 10))).toMatchObject({ ingested: 0, repeats: 10, newEpochs: 0 })
      expect(await put(lake, run(0, 5, 25))).toMatchObject({ ingested: 5, repeats: 15, newEpochs: 0 })
      expect(await put(lake, [...run(0, 24, 26), ...run(1, 0, 3)])).toMatchObject({ ingested: 4, repeats: 1 })
      expect(await stored(lake)).toEqual(inEpoch([...run(0, 0, 26), ...run(1, 0, 3)]))
    })

  test('knows null from empty', async () => {
    const lake = memoryLake()
    const records: TestRecord[] = [
      { partition: 0, offset: 0, value: null },
      { partition: 0, offset: 1, value: Buffer.alloc(0) },
    ]
    await put(lake, records)
    expect(await put(lake, records)).toMatchObject({ repeats: 2, newEpochs: 0 })
    const swapped = records.map(({ offset, value }) => ({
      partition: 0,
      offset,
      value: value === null ? Buffer.alloc(0) : null,
    }))
    expect(await put(lake, swapped)).toMatchObject({ repeats: 0, newEpochs: 1, ingested: 2 })
  })

  test('may hold an offset twice: the second is a repeat, new or long known', async () => {
    const lake = memoryLake()
    const twice = [...run(0, 0, 2), ...run(0, 1, 3)]
    expect(await put(lake, twice)).toMatchObject({ ingested: 3, repeats: 1, newEpochs: 0 })
    expect(await put(lake, twice)).toMatchObject({ ingested: 0, repeats: 4, newEpochs: 0 })
    expect(await stored(lake)).toEqual(inEpoch(run(0, 0, 3)))
  })

  test('may hold an offset of a gap twice', async () => {
    const lake = memoryLake()
    await put(lake, [...run(0, 0, 2), ...run(0, 5, 6)])
    expect(await put(lake, [...run(0, 3, 4), ...run(0, 3, 4)])).toMatchObject({
      ingested: 1,
      repeats: 1,
      newEpochs: 0,
    })
  })

  test('and holds other bytes or another time at an offset belongs to a recreated topic', async () => {
    const lake = memoryLake()
    await put(lake, run(0, 0, 5))
    const anew = run(0, 0, 3, 'anew')
    expect(await put(lake, anew)).toMatchObject({ ingested: 3, repeats: 0, newEpochs: 1 })
    expect(await checkpoint(lake)).toMatchObject({ epoch: 1, nextOffset: 3, gaps: [] })
    expect(await stored(lake)).toEqual([...inEpoch(run(0, 0, 5)), ...inEpoch(anew, 1)].sort())
    const later = run(0, 0, 3, 'anew').map(record => ({ ...record, timestamp: START + 1 }))
    expect(await put(lake, later)).toMatchObject({ ingested: 3, newEpochs: 1 })
    expect((await checkpoint(lake)).epoch).toBe(2)
  })
})

describe('a gap', () => {
  test('is opened by a jump and closed by records that come later', async () => {
    const lake = memoryLake()
    await put(lake, run(0, 0, 2))
    expect(await put(lake, run(0, 10, 12))).toMatchObject({ ingested: 2, gapOffsets: 8 })
    expect((await checkpoint(lake)).gaps).toEqual([[2, 9]])
    expect(await put(lake, run(0, 4, 6))).toMatchObject({ ingested: 2, gapOffsets: -2, newEpochs: 0 })
    expect((await checkpoint(lake)).gaps).toEqual([
      [2, 3],
      [6, 9],
    ])
    expect(await put(lake, run(0, 0, 12))).toMatchObject({ ingested: 6, repeats: 6, gapOffsets: -6, newEpochs: 0 })
    expect(await checkpoint(lake)).toMatchObject({ epoch: 0, nextOffset: 12, gaps: [] })
    expect(await stored(lake)).toEqual(inEpoch(run(0, 0, 12)))
  })

  test('at the begin of a partition is a gap too', async () => {
    const lake = memoryLake()
    expect((await put(lake, run(0, 100, 101))).gapOffsets).toBe(100)
    expect((await checkpoint(lake)).gaps).toEqual([[0, 99]])
  })

  test('may be one of hundreds: they are joined, and no record is lost or doubled', async () => {
    const lake = memoryLake()
    const even = run(0, 0, 500).filter(({ offset }) => offset % 2 === 0)
    await put(lake, even)
    expect((await checkpoint(lake)).gaps.length).toBe(MAX_GAPS)
    expect(await put(lake, run(0, 0, 500))).toMatchObject({ ingested: 250, repeats: 250, newEpochs: 0 })
    expect(await stored(lake)).toEqual(inEpoch(run(0, 0, 500)))
  })
})

describe('whatever happens in the middle', () => {
  test('two invocations of one batch at once store it once', async () => {
    const lake = memoryLake()
    await put(lake, run(0, 0, 3))
    const paused = pauseOnce(lake, isCommit)
    const slow = put(lake, run(0, 3, 8))
    await paused.reached
    expect(await put(lake, run(0, 3, 8))).toMatchObject({ ingested: 5 })
    paused.go()
    expect(await slow).toMatchObject({ ingested: 0, repeats: 5, newEpochs: 0 })
    expect(await stored(lake)).toEqual(inEpoch(run(0, 0, 8)))
  })

  test('two invocations that overlap store each record once', async () => {
    const lake = memoryLake()
    const paused = pauseOnce(lake, isCommit)
    const slow = put(lake, [...run(0, 0, 6), ...run(1, 0, 2)])
    await paused.reached
    await put(lake, [...run(0, 0, 3), ...run(2, 0, 2)])
    await commitAll(lake)
    paused.go()
    expect(await slow).toMatchObject({ ingested: 5, repeats: 3 })
    expect(await stored(lake)).toEqual(inEpoch([...run(0, 0, 6), ...run(1, 0, 2), ...run(2, 0, 2)]))
  })

  for (const when of ['before', 'after'] as const)
    test(`a crash ${when} the transaction costs a retry`, async () => {
      const lake = memoryLake()
      crashOnce(lake, when, isCommit)
      await expect(put(lake, run(0, 0, 4))).rejects.toThrow(Crash)
      expect(await pendingIds(lake, consumers.silver('binance'))).toHaveLength(when === 'after' ? 1 : 0)
      expect(await put(lake, run(0, 0, 4))).toMatchObject({ ingested: when === 'after' ? 0 : 4 })
      expect(await stored(lake)).toEqual(inEpoch(run(0, 0, 4)))
    })

  test('a batch of a topic’s old epoch is not taken for the new topic’s', async () => {
    const lake = memoryLake()
    await put(lake, run(0, 0, 3))
    const paused = pauseOnce(lake, isCommit)
    const old = put(lake, run(0, 3, 5))
    await paused.reached
    await put(lake, run(0, 0, 2, 'anew'))
    paused.go()
    await expect(old).rejects.toThrow(Fenced)
    expect(await stored(lake)).toEqual([...inEpoch(run(0, 0, 3)), ...inEpoch(run(0, 0, 2, 'anew'), 1)].sort())
  })

  test('a writer whose file is over an hour old does not commit it', async () => {
    const lake = memoryLake()
    lake.before = step => void (step.kind === 'put' && lake.clock.advance(3_600_001))
    await expect(put(lake, run(0, 0, 1))).rejects.toThrow(Fenced)
    expect(await pendingIds(lake, consumers.silver('binance'))).toEqual([])
  })

  test('any deliveries with any splits, repeats, jumps and failures leave Bronze equal to the log', async () => {
    const LENGTH = 12
    const PARTITIONS = 3
    const log = Array.from({ length: PARTITIONS }, (_, partition) => run(partition, 0, LENGTH))
    const slice = fc.record({
      partition: fc.nat(PARTITIONS - 1),
      from: fc.nat(LENGTH - 1),
      length: fc.integer({ min: 1, max: LENGTH }),
    })
    const delivery = fc.record({
      slices: fc.array(slice, { minLength: 1, maxLength: 4 }),
      failure: fc.constantFrom('none', 'none', 'before', 'after', 'put'),
      commit: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(delivery, { maxLength: 8 }), async deliveries => {
        const lake = memoryLake()
        for (const { slices, failure, commit } of deliveries) {
          const records = slices.flatMap(({ partition, from, length }) => log[partition].slice(from, from + length))
          if (failure === 'before' || failure === 'after') crashOnce(lake, failure, isCommit)
          if (failure === 'put') crashOnce(lake, 'after', step => step.kind === 'put')
          await put(lake, records).catch(error => expect(error).toBeInstanceOf(Crash))
          lake.before = lake.after = () => {}
          if (commit) await commitAll(lake)
        }
        expect((await put(lake, log.flat())).newEpochs).toBe(0)
        expect(await stored(lake)).toEqual(inEpoch(log.flat()))
        for (let partition = 0; partition < PARTITIONS; partition++)
          expect(await checkpoint(lake, partition)).toMatchObject({ epoch: 0, nextOffset: LENGTH, gaps: [] })
      }),
      { numRuns: 60 },
    )
  })
})
