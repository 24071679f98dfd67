import { constants, gzipSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { allTables, GOLD_TABLE, type TableDefinition } from '../../domain/tables.ts'
import { addSnapshot, newMetadata, snapshotSummary } from '../../iceberg/metadata.ts'
import { retainSnapshots, retentionOf, type SnapshotRetention } from '../../iceberg/snapshot-retention.ts'
import type { Snapshot, TableMetadata } from '../../iceberg/table-metadata.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

function snapshot(id: number, timeMs: number): Snapshot {
  return {
    'snapshot-id': id,
    'sequence-number': id,
    'timestamp-ms': timeMs,
    'manifest-list': `memory://lake/snap-${id}.avro`,
    summary: { operation: 'append' },
  }
}

function empty(retention?: SnapshotRetention, table: TableDefinition = GOLD_TABLE): TableMetadata {
  return newMetadata({ table, location: 'memory://lake/t', uuid: 'u', nowMs: 0, retention })
}

function afterMinutes(metadata: TableMetadata, minutes: number): TableMetadata {
  let next = metadata
  for (let i = 1; i <= minutes; i++) next = addSnapshot(next, snapshot(i, i * MINUTE), `memory://lake/${i}.json`)
  return next
}

describe('new metadata', () => {
  test('every table has unique field ids, the highest as last-column-id', () => {
    for (const table of allTables()) {
      const metadata = newMetadata({ table, location: 'x', uuid: 'u', nowMs: 0 })
      const ids = [...JSON.stringify(metadata.schemas[0]).matchAll(/"(?:id|element-id|key-id|value-id)":(\d+)/g)].map(
        match => Number(match[1]),
      )
      expect(new Set(ids).size).toBe(ids.length)
      expect(metadata['last-column-id']).toBe(Math.max(...ids))
      expect(metadata['last-partition-id']).toBe(999 + table.partition.length)
    }
  })

  test('a sorted table has order 1 with nulls first, an unsorted one order 0', () => {
    const orders = (name: string) =>
      newMetadata({ table: allTables().find(t => t.name === name)!, location: 'x', uuid: 'u', nowMs: 0 })['sort-orders']
    expect(orders('gold_crypto_trades')).toEqual([
      {
        'order-id': 1,
        fields: [
          { transform: 'identity', 'source-id': 6, direction: 'asc', 'null-order': 'nulls-first' },
          { transform: 'identity', 'source-id': 2, direction: 'asc', 'null-order': 'nulls-first' },
        ],
      },
    ])
    expect(orders('silver_dlq_trades')).toEqual([{ 'order-id': 0, fields: [] }])
  })
})

describe('snapshots in metadata', () => {
  const minutesOf = (metadata: TableMetadata) => metadata.snapshots.map(each => each['timestamp-ms'] / MINUTE)

  test('a commit each minute keeps every snapshot of the last day and the last of each hour before it', () => {
    const metadata = afterMinutes(empty(), 3_000)
    const everyMinute = Array.from({ length: 1_441 }, (_, i) => 1_560 + i)
    const hours = Array.from({ length: 25 }, (_, hour) => 60 * hour + 59).concat(1_559)
    expect(minutesOf(metadata)).toEqual([...hours, ...everyMinute])
    expect(metadata['current-snapshot-id']).toBe(3_000)
    expect(metadata['metadata-log']).toHaveLength(100)
    // 1,558 left last, and nothing after it.
    expect(metadata['snapshot-log'].map(entry => entry['timestamp-ms'] / MINUTE)).toEqual([1_559, ...everyMinute])
  })

  test('a burst of commits thins out by count, to one an hour', () => {
    let metadata = empty()
    for (let i = 1; i <= 2_000; i++) metadata = addSnapshot(metadata, snapshot(i, i * 1_000), `memory://lake/${i}.json`)
    expect(metadata.snapshots).toHaveLength(1_500)
    for (let i = 2_001; i <= 4_000; i++) metadata = addSnapshot(metadata, snapshot(i, HOUR + i * 1_000), 'x')
    // The last of the first hour, though it is not among the newest.
    expect(metadata.snapshots.map(each => each['snapshot-id']).slice(0, 2)).toEqual([2_000, 2_501])
    expect(metadata.snapshots).toHaveLength(1_501)
  })

  test('old snapshots leave by age, the current one never', () => {
    const retention = { allMs: 10 * MINUTE, hourlyMs: 0, maxAgeMs: 10 * MINUTE, minCount: 3, maxCount: 100 }
    const metadata = afterMinutes(empty(retention), 50)
    expect(metadata.snapshots.map(s => s['snapshot-id'])).toEqual([40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50])
    const late = addSnapshot(metadata, snapshot(51, 10_000 * MINUTE), 'memory://lake/x.json')
    expect(late.snapshots.map(s => s['snapshot-id'])).toEqual([49, 50, 51])
  })

  test('a snapshot that a tag names stays, and the log begins after the last one that left', () => {
    const retention = { allMs: MINUTE, hourlyMs: 1, maxAgeMs: MINUTE, minCount: 1, maxCount: 100 }
    let metadata: TableMetadata = afterMinutes(empty(retention), 2)
    metadata = { ...metadata, refs: { ...metadata.refs, release: { 'snapshot-id': 1, type: 'tag' } } }
    for (let i = 3; i <= 9; i++) metadata = addSnapshot(metadata, snapshot(i, i * MINUTE), 'memory://lake/x.json')
    expect(metadata.snapshots.map(s => s['snapshot-id'])).toEqual([1, 8, 9])
    expect(metadata['snapshot-log'].map(entry => entry['snapshot-id'])).toEqual([8, 9])
  })

  test('every table states its policy in its properties', () => {
    for (const table of allTables()) {
      const { properties } = empty(undefined, table)
      expect(retentionOf(properties)).toEqual({
        allMs: DAY,
        hourlyMs: table.snapshots.hourlyDays * DAY,
        maxAgeMs: Math.max(table.snapshots.hourlyDays, table.snapshots.dailyDays) * DAY,
        minCount: 1,
        maxCount: 1_500,
      })
    }
  })

  test('three months of commits leave the metadata of a candle table below 1 MB', () => {
    const table = allTables().find(({ name }) => name === 'gold_ohlcv_1m')!
    const days = 95
    let metadata = empty(undefined, table)
    // Each minute in the days of which more than one an hour is kept, or was; each hour before, of which one a day is.
    const minutely = (days - 9) * 1_440
    for (let i = 1; i <= days * 1_440; i += i < minutely ? 60 : 1) {
      const uuid = `018f${(i * 2654435761).toString(16).padStart(12, '0')}-${(i * 40503).toString(16).padStart(16, '0')}`
      const added = { files: 2, records: 1_000 + (i % 77), bytes: 90_000 + ((i * 7919) % 9_000) }
      const parent = metadata.snapshots.at(-1)
      const summary = snapshotSummary({ operation: 'overwrite', parent, added, removed: added, changedPartitions: 1 })
      const list = `s3://lake/market_data/gold_ohlcv_1m/metadata/snap-${i}-${uuid}.avro`
      const each = { ...snapshot(i * 7_654_321, i * MINUTE), 'manifest-list': list, 'sequence-number': i, summary }
      const previous = `s3://lake/market_data/gold_ohlcv_1m/metadata/${i}-${uuid}.gz.metadata.json`
      metadata = addSnapshot(metadata, each, previous)
    }
    expect(metadata.snapshots).toHaveLength(1_441 + 6 * 24 + (days - 7))
    const text = JSON.stringify(metadata)
    const bytes = gzipSync(text, { level: constants.Z_BEST_SPEED }).length
    console.log(
      `${days} days of commits: ${metadata.snapshots.length} snapshots, ${text.length} bytes, ${bytes} gzipped`,
    )
    expect(bytes).toBeLessThan(1_000_000)
  })

  const retentions = fc.record({
    allMs: fc.nat(1000),
    hourlyMs: fc.nat(20 * HOUR),
    maxAgeMs: fc.nat(10 * DAY),
    minCount: fc.nat(20),
    maxCount: fc.nat(20),
  })
  const histories = fc.array(fc.nat(10 * DAY), { minLength: 1, maxLength: 60 })

  test('whatever the policy, the newest and the pinned stay, in order', () => {
    fc.assert(
      fc.property(histories, retentions, fc.nat(59), (times, retention, pin) => {
        const snapshots = times.sort((a, b) => a - b).map((time, index) => snapshot(index, time))
        const kept = retainSnapshots(snapshots, { nowMs: 10 * DAY, pinned: new Set([pin]), retention })
        const ids = kept.map(s => s['snapshot-id'])
        expect(ids).toEqual([...ids].sort((a, b) => a - b))
        expect(ids.at(-1)).toBe(snapshots.length - 1)
        if (pin < snapshots.length) expect(ids).toContain(pin)
        const hours = new Set(times.map(time => Math.floor(time / HOUR))).size
        expect(kept.length).toBeLessThanOrEqual(Math.max(retention.minCount, retention.maxCount, 1) + hours + 1)
      }),
    )
  })

  test('expiring again and again leaves what expiring once leaves', () => {
    fc.assert(
      fc.property(histories, retentions, fc.array(fc.nat(10 * DAY), { maxLength: 4 }), (times, retention, looks) => {
        const snapshots = times.sort((a, b) => a - b).map((time, index) => snapshot(index, time))
        const at = (some: readonly Snapshot[], nowMs: number) =>
          retainSnapshots(some, { nowMs, pinned: new Set(), retention })
        const often = looks
          .map(look => 10 * DAY + look)
          .sort((a, b) => a - b)
          .reduce((some, nowMs) => at(some, nowMs), snapshots as readonly Snapshot[])
        expect(at(often, 20 * DAY)).toEqual(at(snapshots, 20 * DAY))
      }),
    )
  })
})

describe('a summary', () => {
  test('adds to the totals of its parent', () => {
    const none = { files: 0, records: 0, bytes: 0 }
    const first = snapshotSummary({
      operation: 'append',
      parent: undefined,
      added: { files: 2, records: 20, bytes: 200 },
      removed: none,
      changedPartitions: 1,
    })
    expect(first).toMatchObject({ operation: 'append', 'added-records': '20', 'total-records': '20' })
    const second = snapshotSummary({
      operation: 'overwrite',
      parent: { ...snapshot(1, 0), summary: first },
      added: { files: 1, records: 5, bytes: 50 },
      removed: { files: 1, records: 10, bytes: 100 },
      changedPartitions: 2,
      extra: { 'tradelake.stage': 'gold' },
    })
    expect(second).toMatchObject({
      operation: 'overwrite',
      'deleted-records': '10',
      'removed-files-size': '100',
      'total-records': '15',
      'total-data-files': '2',
      'total-files-size': '150',
      'changed-partition-count': '2',
      'tradelake.stage': 'gold',
    })
  })
})
