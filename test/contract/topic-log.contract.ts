/**
 * What every TopicLog does: Kafka with one consumer group, seen through MSK-shaped events; run against each adapter.
 * Over 250 lines: one contract, the same for all twins.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AlreadyExists, BadInput, NotFound } from '../../domain/errors.ts'
import { MAX_EVENT_BYTES } from '../../domain/events.ts'
import type { LogRecord, PlacedRecord, PolledBatch, TopicLog } from '../../domain/ports.ts'

const TOPIC = 'market.crypto.trades.test'
const bytes = (text: string) => new TextEncoder().encode(text)

const record = (partition: number, value: string | null, timestamp = 1000): LogRecord => ({
  partition,
  key: bytes('BTCUSDT'),
  value: value === null ? null : bytes(value),
  timestamp,
})
const placed = (partition: number, offset: number, value: string): PlacedRecord => ({
  ...record(partition, value),
  offset,
})

/** `partition:offset=value` of each record of a batch, in its order. */
function contents(batch: PolledBatch | undefined): string[] {
  return Object.values(batch?.event.records ?? {}).flatMap(records =>
    records.map(({ partition, offset, value }) => {
      const text = typeof value === 'string' ? Buffer.from(value, 'base64').toString() : 'null'
      return `${partition}:${offset}=${text}`
    }),
  )
}

async function drain(log: TopicLog, maxRecords = 1000): Promise<string[]> {
  const seen: string[] = []
  for (;;) {
    const batch = await log.poll(TOPIC, maxRecords)
    if (!batch) return seen
    seen.push(...contents(batch))
    await log.acknowledge(batch)
  }
}

export function topicLogContract(name: string, open: () => TopicLog): void {
  describe(`${name} is a topic log`, () => {
    const make = async (partitions = 3) => {
      const log = open()
      await log.createTopic(TOPIC, partitions)
      return log
    }

    test('tells what waits at an offset', async () => {
      const log = await make()
      await log.append(TOPIC, [record(0, 'a'), record(0, null), record(1, 'b')])
      await log.place(TOPIC, [placed(0, 700, 'far')])
      const asked: [PlacedRecord, string][] = [
        [placed(0, 0, 'a'), 'same'],
        [placed(0, 0, 'b'), 'other'],
        [{ ...placed(0, 0, 'a'), timestamp: 1001 }, 'other'],
        [{ ...placed(0, 0, 'a'), key: null }, 'other'],
        [{ ...record(0, null), offset: 1 }, 'same'],
        [placed(0, 1, ''), 'other'],
        [placed(1, 0, 'b'), 'same'],
        [placed(2, 0, 'b'), 'nothing'],
        [placed(0, 2, 'a'), 'nothing'],
        [placed(0, 700, 'far'), 'same'],
        [placed(0, 699, 'far'), 'nothing'],
        [placed(0, 701, 'far'), 'nothing'],
      ]
      expect(
        await log.compare(
          TOPIC,
          asked.map(([one]) => one),
        ),
      ).toEqual(asked.map(([, answer]) => answer))
      await drain(log)
      expect(await log.compare(TOPIC, [placed(0, 0, 'b')])).toEqual(['nothing'])
      await expect(log.compare(TOPIC, [placed(3, 0, 'a')])).rejects.toThrow(BadInput)
      await expect(log.compare('other', [])).rejects.toThrow(NotFound)
    })

    test('delivers records as the MSK event source does', async () => {
      const log = await make()
      await log.append(TOPIC, [
        { partition: 1, key: bytes('K'), value: bytes('hello'), timestamp: 1234 },
        { partition: 1, key: null, value: null, timestamp: 1235 },
        { partition: 1, key: new Uint8Array(), value: new Uint8Array(), timestamp: 1236 },
      ])
      const batch = await log.poll(TOPIC, 10)
      expect(batch?.records).toBe(3)
      expect(batch?.event).toEqual({
        eventSource: 'aws:kafka',
        eventSourceArn: expect.stringMatching(/^arn:aws:kafka:/),
        bootstrapServers: expect.any(String),
        records: {
          [`${TOPIC}-1`]: [
            {
              topic: TOPIC,
              partition: 1,
              offset: 0,
              timestamp: 1234,
              timestampType: 'CREATE_TIME',
              key: 'Sw==',
              value: 'aGVsbG8=',
              headers: [],
            },
            { topic: TOPIC, partition: 1, offset: 1, timestamp: 1235, timestampType: 'CREATE_TIME', headers: [] },
            {
              topic: TOPIC,
              partition: 1,
              offset: 2,
              timestamp: 1236,
              timestampType: 'CREATE_TIME',
              key: '',
              value: '',
              headers: [],
            },
          ],
        },
      })
    })

    test('delivers again until acknowledged, then never', async () => {
      const log = await make()
      await log.append(TOPIC, [record(0, 'a'), record(1, 'b'), record(0, 'c')])
      const first = await log.poll(TOPIC, 10)
      expect(contents(await log.poll(TOPIC, 10))).toEqual(contents(first))
      if (first) await log.acknowledge(first)
      expect(await log.poll(TOPIC, 10)).toBeUndefined()
      expect(await log.ends(TOPIC)).toEqual([
        { partition: 0, end: 2, waiting: 0 },
        { partition: 1, end: 1, waiting: 0 },
        { partition: 2, end: 0, waiting: 0 },
      ])
      await log.append(TOPIC, [record(0, 'd')])
      expect(contents(await log.poll(TOPIC, 10))).toEqual(['0:2=d'])
    })

    test('an old receipt does not acknowledge what came later', async () => {
      const log = await make()
      await log.place(TOPIC, [placed(0, 5, 'a')])
      const batch = await log.poll(TOPIC, 10)
      if (!batch) throw new Error('nothing polled')
      await log.acknowledge(batch)
      await log.place(TOPIC, [placed(0, 5, 'a')])
      await log.acknowledge(batch)
      expect(contents(await log.poll(TOPIC, 10))).toEqual(['0:5=a'])
    })

    test('acknowledges a part of what was appended together', async () => {
      const log = await make()
      await log.append(
        TOPIC,
        Array.from({ length: 100 }, (_, i) => record(0, `${i}`)),
      )
      const batch = await log.poll(TOPIC, 40)
      expect(batch?.records).toBe(40)
      if (batch) await log.acknowledge(batch)
      expect((await log.ends(TOPIC))[0]).toEqual({ partition: 0, end: 100, waiting: 60 })
      expect(await drain(log, 7)).toEqual(Array.from({ length: 60 }, (_, i) => `0:${i + 40}=${i + 40}`))
    })

    test('ignores a repeated append of a producer, whole', async () => {
      const log = await make()
      expect(await log.lastSequence('feed')).toBeUndefined()
      await log.append(TOPIC, [record(0, 'a')], { id: 'feed', sequence: 7 })
      await log.append(TOPIC, [record(0, 'again'), record(1, 'x')], { id: 'feed', sequence: 7 })
      await log.append(TOPIC, [record(0, 'older')], { id: 'feed', sequence: 6 })
      await log.append(TOPIC, [record(0, 'other')], { id: 'second', sequence: 1 })
      await log.append(TOPIC, [], { id: 'feed', sequence: 9 })
      expect(await log.lastSequence('feed')).toBe(9)
      expect(await drain(log)).toEqual(['0:0=a', '0:1=other'])
    })

    test('appends all or nothing', async () => {
      const log = await make()
      const large = new Uint8Array(1024 * 1024 + 1)
      for (const bad of [record(3, 'x'), record(-1, 'x'), record(0, 'x', 0.5), { ...record(0, null), value: large }]) {
        await expect(log.append(TOPIC, [record(0, 'a'), bad], { id: 'feed', sequence: 1 })).rejects.toThrow(BadInput)
        expect(await log.lastSequence('feed')).toBeUndefined()
      }
      expect((await log.ends(TOPIC)).every(({ end, waiting }) => end === 0 && waiting === 0)).toBe(true)
    })

    test('knows its topics, and grows but never shrinks them', async () => {
      const log = await make(2)
      await expect(log.append('other', [])).rejects.toThrow(NotFound)
      await expect(log.poll('other', 1)).rejects.toThrow(NotFound)
      await expect(log.ends('other')).rejects.toThrow(NotFound)
      await expect(log.createTopic('other', 0)).rejects.toThrow(BadInput)
      await log.append(TOPIC, [record(1, 'a')])
      await log.createTopic(TOPIC, 2)
      await log.createTopic(TOPIC, 1)
      expect(await log.ends(TOPIC)).toHaveLength(2)
      await log.createTopic(TOPIC, 4)
      expect(await log.ends(TOPIC)).toHaveLength(4)
      expect(await drain(log)).toEqual(['1:0=a'])
    })

    test('serves all partitions fairly', async () => {
      const log = await make()
      const flood = Array.from({ length: 1000 }, () => record(0, 'flood'))
      await log.append(TOPIC, [...flood, record(1, 'few'), record(2, 'few')])
      expect(contents(await log.poll(TOPIC, 100))).toEqual(expect.arrayContaining(['1:0=few', '2:0=few']))
      const first: string[] = []
      for (let i = 0; i < 3; i++) {
        const batch = await log.poll(TOPIC, 1)
        if (!batch) throw new Error('nothing polled')
        first.push(...contents(batch))
        await log.acknowledge(batch)
      }
      expect(first).toEqual(['0:0=flood', '1:0=few', '2:0=few'])
    })

    test('keeps an event below 6 MB', async () => {
      const log = await make()
      const value = new Uint8Array(1_000_000)
      const large = (partition: number) => ({ partition, key: null, value, timestamp: 1 })
      await log.append(TOPIC, [large(0), large(0), large(1), large(1), large(2), large(2), record(2, null)])
      let records = 0
      let batches = 0
      for (let batch = await log.poll(TOPIC, 100); batch; batch = await log.poll(TOPIC, 100)) {
        expect(JSON.stringify(batch.event).length).toBeLessThanOrEqual(MAX_EVENT_BYTES)
        records += batch.records
        batches++
        await log.acknowledge(batch)
      }
      expect([records, batches]).toEqual([7, 2])
    })

    test('counts small records exactly enough for 6 MB', async () => {
      const log = await make()
      await log.append(
        TOPIC,
        Array.from({ length: 60_000 }, (_, i) => record(i % 3, 'x', 9_007_199_254_740_991)),
      )
      const batch = await log.poll(TOPIC, 1_000_000)
      const size = JSON.stringify(batch?.event).length
      expect(size).toBeLessThanOrEqual(MAX_EVENT_BYTES)
      expect(size).toBeGreaterThan(MAX_EVENT_BYTES / 2)
    })

    test('places records at their offsets, once', async () => {
      const log = await make()
      await log.place(TOPIC, [placed(0, 10, 'a'), placed(0, 11, 'b'), placed(0, 20, 'c'), placed(2, 3, 'd')])
      await log.place(TOPIC, [placed(0, 11, 'b'), placed(0, 12, 'e'), placed(0, 5, 'f'), placed(0, 5, 'f')])
      expect((await log.ends(TOPIC)).map(({ end }) => end)).toEqual([21, 0, 4])
      await log.append(TOPIC, [record(0, 'next')])
      expect((await drain(log)).sort()).toEqual(
        ['0:5=f', '0:10=a', '0:11=b', '0:12=e', '0:20=c', '0:21=next', '2:3=d'].sort(),
      )
      // What was acknowledged is forgotten, and may be placed again.
      await log.place(TOPIC, [placed(0, 11, 'b')])
      expect(await drain(log)).toEqual(['0:11=b'])
    })

    test('knows what was appended when it is placed again', async () => {
      const log = await make(1)
      const values = Array.from({ length: 1500 }, (_, offset) => placed(0, offset, `${offset}`))
      await log.append(TOPIC, values)
      await log.place(TOPIC, values.slice(400, 1200))
      await expect(log.place(TOPIC, [placed(0, 1100, 'other')])).rejects.toThrow(AlreadyExists)
      expect(await log.ends(TOPIC)).toEqual([{ partition: 0, end: 1500, waiting: 1500 }])
      expect(await drain(log)).toEqual(values.map(({ offset }) => `0:${offset}=${offset}`))
    })

    test('refuses other bytes at an offset, by name and before anything is written', async () => {
      const log = await make()
      await log.place(TOPIC, [placed(1, 7, 'a')])
      const others: PlacedRecord[] = [
        placed(1, 7, 'b'),
        { ...placed(1, 7, 'a'), key: null },
        { ...placed(1, 7, 'a'), timestamp: 999 },
        { ...placed(1, 7, 'a'), value: null },
      ]
      for (const other of others) {
        const error: unknown = await log.place(TOPIC, [placed(0, 0, 'x'), other]).catch((thrown: unknown) => thrown)
        expect(error).toBeInstanceOf(AlreadyExists)
        expect((error as Error).message).toContain(`${TOPIC}-1`)
        expect((error as Error).message).toContain('7')
      }
      await expect(log.place(TOPIC, [placed(2, 1, 'x'), placed(2, 1, 'y')])).rejects.toThrow(AlreadyExists)
      await expect(log.place(TOPIC, [placed(2, -1, 'x')])).rejects.toThrow(BadInput)
      expect(await drain(log)).toEqual(['1:7=a'])
    })

    test('polls in the order of offsets, whatever the order of placing', async () => {
      const log = await make(1)
      for (const offset of [1500, 3, 700, 701, 4, 2, 1499]) await log.place(TOPIC, [placed(0, offset, 'x')])
      expect((await drain(log)).map(text => Number(text.slice(2, -2)))).toEqual([2, 3, 4, 700, 701, 1499, 1500])
    })

    test('agrees with a model under random use', async () => {
      const step = fc.oneof(
        fc.record({ do: fc.constant('append' as const), partitions: fc.array(fc.nat(2), { maxLength: 12 }) }),
        fc.record({
          do: fc.constant('place' as const),
          partition: fc.nat(2),
          offset: fc.nat(30),
          count: fc.integer({ min: 1, max: 9 }),
        }),
        fc.record({ do: fc.constant('poll' as const), max: fc.integer({ min: 1, max: 9 }), acknowledge: fc.boolean() }),
      )
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 40 }), async steps => {
          const log = await make()
          const waiting = new Set<string>()
          const ends = [0, 0, 0]
          for (const action of steps) {
            if (action.do === 'append') {
              const records = action.partitions.map(partition => {
                const offset = ends[partition]++
                waiting.add(`${partition}:${offset}=${partition}-${offset}`)
                return record(partition, `${partition}-${offset}`)
              })
              await log.append(TOPIC, records)
            } else if (action.do === 'place') {
              const { partition } = action
              const records = Array.from({ length: action.count }, (_, i) => {
                const offset = action.offset + i
                waiting.add(`${partition}:${offset}=${partition}-${offset}`)
                ends[partition] = Math.max(ends[partition], offset + 1)
                return placed(partition, offset, `${partition}-${offset}`)
              })
              await log.place(TOPIC, records)
            } else {
              const batch = await log.poll(TOPIC, action.max)
              const got = contents(batch)
              expect(got).toHaveLength(Math.min(action.max, waiting.size))
              for (const one of got) expect(waiting.has(one)).toBe(true)
              if (batch && action.acknowledge) {
                await log.acknowledge(batch)
                for (const one of got) waiting.delete(one)
              }
            }
            const state = await log.ends(TOPIC)
            expect(state.map(({ end }) => end)).toEqual(ends)
            expect(state.reduce((sum, partition) => sum + partition.waiting, 0)).toBe(waiting.size)
          }
          expect((await drain(log)).sort()).toEqual([...waiting].sort())
        }),
        { numRuns: 40 },
      )
    })
  })
}
