import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { allTables, GOLD_TABLE } from '../../domain/tables.ts'
import {
  addSnapshot,
  newMetadata,
  retainSnapshots,
  type Snapshot,
  snapshotSummary,
  type TableMetadata,
} from '../../iceberg/metadata.ts'

const MINUTE = 60_000

function snapshot(id: number, timeMs: number): Snapshot {
  return {
    'snapshot-id': id,
    'sequence-number': id,
    'timestamp-ms': timeMs,
    'manifest-list': `memory://lake/snap-${id}.avro`,
    summary: { operation: 'append' },
  }
}

function empty(retention?: { maxAgeMs: number; minCount: number; maxCount: number }): TableMetadata {
  return newMetadata({ table: GOLD_TABLE, location: 'memory://lake/t', uuid: 'u', nowMs: 0, retention })
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
  test('a commit each minute keeps every snapshot of the last day and no more than 1,500', () => {
    const metadata = afterMinutes(empty(), 2_000)
    expect(metadata.snapshots).toHaveLength(1_500)
    expect(metadata.snapshots[0]['timestamp-ms']).toBeLessThanOrEqual((2_000 - 1_440) * MINUTE)
    expect(metadata['current-snapshot-id']).toBe(2_000)
    expect(metadata['metadata-log']).toHaveLength(100)
    expect(metadata['snapshot-log']).toHaveLength(1_500)
  })

  test('old snapshots leave by age, the current one never', () => {
    const metadata = afterMinutes(empty({ maxAgeMs: 10 * MINUTE, minCount: 3, maxCount: 100 }), 50)
    expect(metadata.snapshots.map(s => s['snapshot-id'])).toEqual([40, 41, 42, 43, 44, 45, 46, 47, 48, 49, 50])
    const late = addSnapshot(metadata, snapshot(51, 10_000 * MINUTE), 'memory://lake/x.json')
    expect(late.snapshots.map(s => s['snapshot-id'])).toEqual([49, 50, 51])
  })

  test('a snapshot that a tag names stays, and the log begins after the last one that left', () => {
    let metadata: TableMetadata = afterMinutes(empty({ maxAgeMs: MINUTE, minCount: 1, maxCount: 100 }), 2)
    metadata = { ...metadata, refs: { ...metadata.refs, release: { 'snapshot-id': 1, type: 'tag' } } }
    for (let i = 3; i <= 9; i++) metadata = addSnapshot(metadata, snapshot(i, i * MINUTE), 'memory://lake/x.json')
    expect(metadata.snapshots.map(s => s['snapshot-id'])).toEqual([1, 8, 9])
    expect(metadata['snapshot-log'].map(entry => entry['snapshot-id'])).toEqual([8, 9])
  })

  test('whatever the policy, the newest and the pinned stay, in order', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(1000), { minLength: 1, maxLength: 50 }),
        fc.record({ maxAgeMs: fc.nat(1000), minCount: fc.nat(20), maxCount: fc.nat(20) }),
        fc.nat(49),
        (times, retention, pin) => {
          const snapshots = times.sort((a, b) => a - b).map((time, index) => snapshot(index, time))
          const kept = retainSnapshots(snapshots, { nowMs: 1000, pinned: new Set([pin]), retention })
          const ids = kept.map(s => s['snapshot-id'])
          expect(ids).toEqual([...ids].sort((a, b) => a - b))
          expect(ids.at(-1)).toBe(snapshots.length - 1)
          if (pin < snapshots.length) expect(ids).toContain(pin)
          expect(kept.length).toBeLessThanOrEqual(Math.max(retention.maxCount, 1) + 1)
        },
      ),
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
