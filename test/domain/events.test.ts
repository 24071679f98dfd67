import { describe, expect, test } from 'vitest'
import { draftKafkaEvent } from '../../domain/events.ts'

/** Lambda quotas: "6 MB each for request and response (synchronous)". */
const SIX_MB = 6_291_456
const SOURCE = { eventSource: 'aws:kafka', bootstrapServers: 'broker:9092' }
const record = (partition: number, offset: number, value: Uint8Array | null = null) => ({
  partition,
  offset,
  timestamp: 1_790_000_000_000,
  key: null,
  value,
})

describe('an event of Kafka records', () => {
  test('is what the event source sends: lists by topic and partition, base64, nothing for a tombstone', () => {
    const draft = draftKafkaEvent('trades', SOURCE)
    draft.add({ ...record(3, 7, Buffer.from('v')), key: Buffer.from('k') })
    draft.add(record(1, 9), [{ trace: [1, 255] }])
    draft.add(record(3, 8, new Uint8Array(0)))

    const common = { topic: 'trades', timestamp: 1_790_000_000_000, timestampType: 'CREATE_TIME' }
    expect(draft.records).toBe(3)
    expect(draft.event()).toEqual({
      eventSource: 'aws:kafka',
      bootstrapServers: 'broker:9092',
      records: {
        'trades-3': [
          { ...common, partition: 3, offset: 7, key: 'aw==', value: 'dg==', headers: [] },
          { ...common, partition: 3, offset: 8, value: '', headers: [] },
        ],
        'trades-1': [{ ...common, partition: 1, offset: 9, headers: [{ trace: [1, 255] }] }],
      },
    })
  })

  test.each([
    ['many small records', 0, 0],
    ['large values', 700_001, 0],
    ['large headers', 10, 100_000],
  ])('is over half of 6 MB when it refuses the next of %s, and never above', (_, bytes, headerBytes) => {
    const draft = draftKafkaEvent('t'.repeat(200), SOURCE)
    const value = new Uint8Array(bytes)
    const headers = headerBytes === 0 ? [] : [{ h: Array.from({ length: headerBytes }, () => 255) }]
    let offset = Number.MAX_SAFE_INTEGER - 1_000_000
    while (draft.add(record(2_147_483_647 - (offset % 10), offset, value), headers)) offset++
    const size = Buffer.byteLength(JSON.stringify(draft.event()))
    expect(size).toBeLessThanOrEqual(SIX_MB)
    expect(size).toBeGreaterThan(SIX_MB / 2)
  })

  test('takes its first record whatever its size', () => {
    const draft = draftKafkaEvent('trades', SOURCE)
    expect(draft.add(record(0, 0, new Uint8Array(SIX_MB)))).toBe(true)
    expect(draft.add(record(0, 1))).toBe(false)
    expect(draft.records).toBe(1)
  })
})
