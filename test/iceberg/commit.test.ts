/**
 * Commits: what a snapshot holds, and what becomes of conflicts and retries.
 * Over 250 lines: the cases of one commit.
 */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Conflict, Corrupt, TradelakeError } from '../../domain/errors.ts'
import { DLQ_TABLE, GOLD_TABLE } from '../../domain/tables.ts'
import { createTable, loadTable } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import { readEntries, readManifests } from '../../iceberg/manifest-store.ts'
import { currentSnapshot } from '../../iceberg/metadata.ts'
import { planFiles, planScan } from '../../iceberg/scan.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { commit, dataFile, reload, START, testLake } from './support.ts'

const MINUTE = 60_000_000n
const hourFile = (hour: number, records = 10) =>
  dataFile({
    partition: { exchange_date: Math.floor(hour / 24), exchange_hour: hour % 24 },
    records,
    bounds: { timestamp: [BigInt(hour) * 60n * MINUTE, BigInt(hour + 1) * 60n * MINUTE - 1n] },
  })

const keys = (files: readonly DataFile[]) => files.map(file => file.key).sort()

async function goldLake() {
  const lake = testLake()
  return { lake, table: await createTable(lake.ports, GOLD_TABLE) }
}

describe('a commit', () => {
  test('ten appends write exactly ten manifests, ten lists and ten metadata files', async () => {
    const { lake, table } = await goldLake()
    lake.counts.keys.length = 0
    let current = table
    for (let i = 0; i < 10; i++) {
      const staged = await commit(lake, { table: current, add: [hourFile(i)], operation: 'append' })
      current = staged.table
    }
    const written = (pattern: RegExp) => lake.counts.keys.filter(key => pattern.test(key)).length
    expect(written(/-m0\.avro$/)).toBe(10)
    expect(written(/\/snap-\d+-[^/]*\.avro$/)).toBe(10)
    expect(written(/\/\d{5}-[^/]*\.gz\.metadata\.json$/)).toBe(10)
    expect(lake.counts.keys).toHaveLength(30)
    expect(lake.counts.gets).toBe(0)
  })

  test('a data file comes back as it was given', async () => {
    const { lake, table } = await goldLake()
    const file = { ...hourFile(5), splitOffsets: [4, 5000] }
    await commit(lake, { table, add: [file], operation: 'append' })
    expect(await planFiles(lake.cold(), await reload(lake, table))).toEqual([file])
  })

  test('a data file says which order its rows are in: that of its table, 0 where the table has none', async () => {
    const { ports } = testLake()
    const orders: unknown[] = []
    for (const [definition, partition] of [
      [GOLD_TABLE, { exchange_date: 20_000, exchange_hour: 3 }],
      [DLQ_TABLE, { dlq_date_day: 20_000 }],
    ] as const) {
      const table = await createTable(ports, definition)
      const add = [dataFile({ table: definition, partition })]
      const { table: after } = await commit({ ports }, { table, add, operation: 'append' })
      const [manifest] = await readManifests(ports.store, currentSnapshot(after.metadata)!)
      const [entry] = await readEntries(ports.store, manifest)
      orders.push([after.metadata['default-sort-order-id'], entry.data_file.sort_order_id])
    }
    expect(orders).toEqual([
      [1, 1],
      [0, 0],
    ])
  })

  test('the one who comes second gets a Conflict, and what it staged is good for a second attempt', async () => {
    const { lake, table } = await goldLake()
    const [first, second] = [[hourFile(1)], [hourFile(2)]]
    const lost = await stageSnapshot(lake.ports, { table, add: second, operation: 'append' })
    await commit(lake, { table, add: first, operation: 'append' })
    await expect(lake.ports.state.transact([lost.write], lake.ports.ids.uuid())).rejects.toThrow(Conflict)

    lake.counts.keys.length = 0
    const again = await loadTable(lake.ports, table.name)
    const won = await commit(lake, { table: again, add: [...second], operation: 'append', previous: lost })
    expect(lake.counts.keys).toHaveLength(2)
    expect(won.snapshotId).toBe(lost.snapshotId)
    expect(won.sequenceNumber).toBe(2)
    expect(keys(await planFiles(lake.cold(), await reload(lake, table)))).toEqual(keys([...first, ...second]))
  })

  test('of many at once exactly one wins', async () => {
    const { lake, table } = await goldLake()
    const staged = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        stageSnapshot(lake.ports, { table, add: [hourFile(i)], operation: 'append' }),
      ),
    )
    const outcomes = await Promise.allSettled(
      staged.map(({ write }) => lake.ports.state.transact([write], lake.ports.ids.uuid())),
    )
    expect(outcomes.filter(outcome => outcome.status === 'fulfilled')).toHaveLength(1)
    expect(await planFiles(lake.ports, await reload(lake, table))).toHaveLength(1)
  })

  test('removing a file that is gone is a Conflict', async () => {
    const { lake, table } = await goldLake()
    const [kept, gone] = [hourFile(1), hourFile(2)]
    const added = await commit(lake, { table, add: [kept, gone], operation: 'append' })
    const removed = await commit(lake, { table: added.table, remove: new Set([gone.key]), operation: 'delete' })
    await expect(
      stageSnapshot(lake.ports, { table: removed.table, remove: new Set([gone.key]), operation: 'delete' }),
    ).rejects.toThrow(Conflict)
  })

  test('removing rewrites the manifests that hold the files and no other', async () => {
    const { lake, table } = await goldLake()
    let current = table
    const files = [0, 1, 2, 3, 4].map(hour => [hourFile(hour), hourFile(hour + 24)])
    for (const add of files) current = (await commit(lake, { table: current, add, operation: 'append' })).table
    const before = await readManifests(lake.ports.store, currentSnapshot(current.metadata)!)
    const { table: after } = await commit(lake, {
      table: current,
      remove: new Set([files[1][0].key, files[3][1].key]),
      add: [hourFile(1, 20)],
      operation: 'overwrite',
    })
    const manifests = await readManifests(lake.ports.store, currentSnapshot(after.metadata)!)
    const paths = new Set(before.map(manifest => manifest.manifest_path))
    expect(manifests.filter(manifest => paths.has(manifest.manifest_path))).toHaveLength(3)
    expect(manifests).toHaveLength(6)
    expect(manifests.reduce((sum, manifest) => sum + manifest.deleted_files_count, 0)).toBe(2)
    expect(manifests.reduce((sum, manifest) => sum + manifest.deleted_rows_count, 0)).toBe(20)
  })

  test('files of the oldest and the newest of many manifests are removed in one commit', async () => {
    const { lake, table } = await goldLake()
    const files = Array.from({ length: 20 }, (_, i) => hourFile(i))
    let current = table
    for (const file of files) current = (await commit(lake, { table: current, add: [file], operation: 'append' })).table
    const remove = new Set([files[0].key, files[19].key])
    const { table: after } = await commit(lake, { table: current, remove, operation: 'delete' })
    expect(keys(await planFiles(lake.ports, after))).toEqual(keys(files.slice(1, 19)))
  })

  test('a manifest of removed files alone is left out by the commit after', async () => {
    const { lake, table } = await goldLake()
    const file = hourFile(1)
    const one = await commit(lake, { table, add: [file], operation: 'append' })
    const two = await commit(lake, { table: one.table, remove: new Set([file.key]), operation: 'delete' })
    expect(await readManifests(lake.ports.store, currentSnapshot(two.table.metadata)!)).toHaveLength(1)
    const three = await commit(lake, { table: two.table, add: [hourFile(2)], operation: 'append' })
    expect(await readManifests(lake.ports.store, currentSnapshot(three.table.metadata)!)).toHaveLength(1)
  })

  test('sequence numbers: an added file takes its snapshot’s, and keeps it through rewriting and removal', async () => {
    const { lake, table } = await goldLake()
    const [a, b] = [hourFile(1), hourFile(2)]
    const one = await commit(lake, { table, add: [a, b], operation: 'append' })
    const two = await commit(lake, { table: one.table, remove: new Set([a.key]), operation: 'delete' })
    const [manifest] = await readManifests(lake.cold().store, currentSnapshot(two.table.metadata)!)
    expect(manifest).toMatchObject({ sequence_number: 2, min_sequence_number: 1, added_snapshot_id: two.snapshotId })
    const entries = await readEntries(lake.cold().store, manifest)
    expect(
      entries.map(({ status, snapshot_id, sequence_number, file_sequence_number }) => ({
        status,
        snapshot_id,
        sequence_number,
        file_sequence_number,
      })),
    ).toEqual([
      { status: 2, snapshot_id: two.snapshotId, sequence_number: 1, file_sequence_number: 1 },
      { status: 0, snapshot_id: one.snapshotId, sequence_number: 1, file_sequence_number: 1 },
    ])
    const [first] = await readManifests(lake.cold().store, currentSnapshot(one.table.metadata)!)
    expect(await readEntries(lake.cold().store, first)).toMatchObject([
      { status: 1, snapshot_id: one.snapshotId, sequence_number: null, file_sequence_number: null },
      { status: 1, snapshot_id: one.snapshotId, sequence_number: null, file_sequence_number: null },
    ])
    expect(first).toMatchObject({ sequence_number: 1, min_sequence_number: 1 })
  })

  test('snapshot ids are below 2^53 and differ, time does not go back', async () => {
    const { lake, table } = await goldLake()
    let current = table
    for (let i = 0; i < 20; i++) {
      const nowMs = START - i * 1000
      current = (await commit(lake, { table: current, add: [hourFile(i)], operation: 'append', nowMs })).table
    }
    const { snapshots } = current.metadata
    expect(new Set(snapshots.map(snapshot => snapshot['snapshot-id'])).size).toBe(20)
    expect(snapshots.every(snapshot => Number.isSafeInteger(snapshot['snapshot-id']))).toBe(true)
    expect(snapshots.every(snapshot => snapshot['timestamp-ms'] === START)).toBe(true)
  })

  test('a replace that would change the number of rows is refused', async () => {
    const { lake, table } = await goldLake()
    const file = hourFile(1, 10)
    const { table: after } = await commit(lake, { table, add: [file], operation: 'append' })
    const replace = (records: number) =>
      stageSnapshot(lake.ports, {
        table: after,
        add: [hourFile(1, records)],
        remove: new Set([file.key]),
        operation: 'replace',
      })
    await expect(replace(9)).rejects.toThrow(TradelakeError)
    await expect(replace(10)).resolves.toBeDefined()
  })

  test('a file whose partition has another field’s name is refused', async () => {
    const { lake, table } = await goldLake()
    const add = [dataFile({ partition: { exchange_date: 1, hour: 2 } })]
    await expect(stageSnapshot(lake.ports, { table, add, operation: 'append' })).rejects.toThrow('exchange_hour')
  })

  test('an append removes nothing', async () => {
    const { lake, table } = await goldLake()
    await expect(stageSnapshot(lake.ports, { table, remove: new Set(['x']), operation: 'append' })).rejects.toThrow(
      TradelakeError,
    )
  })

  test('a failed write of any object fails the staging', async () => {
    for (const pattern of [/-m0\.avro$/, /\/snap-/, /metadata\.json$/]) {
      const { lake, table } = await goldLake()
      const store = {
        ...lake.ports.store,
        put: async (key: string, bytes: Uint8Array) => {
          // Later than the other writes, so that not waiting for it would show.
          await new Promise(resolve => setImmediate(resolve))
          if (pattern.test(key)) throw new Error('no space left')
          await lake.ports.store.put(key, bytes)
        },
      }
      const staging = stageSnapshot({ ...lake.ports, store }, { table, add: [hourFile(1)], operation: 'append' })
      await expect(staging).rejects.toThrow('no space left')
    }
  })

  test('a lost manifest is Corrupt and named', async () => {
    const { lake, table } = await goldLake()
    await commit(lake, { table, add: [hourFile(1)], operation: 'append' })
    const key = lake.counts.keys.find(candidate => candidate.endsWith('-m0.avro'))!
    await lake.ports.store.delete([key])
    const scan = planFiles(lake.cold(), await reload(lake, table))
    await expect(scan).rejects.toThrow(Corrupt)
    await expect(scan).rejects.toThrow(key)
  })
})

describe('a long history', () => {
  test('2,100 appends leave few manifests, and a commit reads nothing and writes a bounded amount', async () => {
    const lake = testLake()
    const retention = { allMs: 86_400_000, hourlyMs: 1, maxAgeMs: 86_400_000, minCount: 1, maxCount: 200 }
    let current = await createTable(lake.ports, GOLD_TABLE, { retention })
    let most = 0
    let written = 0
    for (let minute = 0; minute < 2_100; minute++) {
      lake.clock.advance(60_000)
      const before = lake.counts.bytesWritten
      const add = [hourFile(Math.floor(minute / 60))]
      current = (await commit(lake, { table: current, add, operation: 'append' })).table
      written = Math.max(written, lake.counts.bytesWritten - before)
      const manifests = await readManifests(lake.ports.store, currentSnapshot(current.metadata)!)
      most = Math.max(most, manifests.length)
    }
    expect(most).toBeLessThanOrEqual(70)
    expect(written).toBeLessThan(200_000)
    expect(lake.counts.gets).toBe(0)
    expect(current.metadata.snapshots.length).toBeLessThanOrEqual(202)

    const cold = lake.cold()
    const all = await planScan(cold, current)
    expect(all.files).toHaveLength(2_100)
    const hour = await planScan(lake.cold(), current, {
      where: [
        { column: 'exchange_date', ranges: [{ lower: 0, upper: 0 }] },
        { column: 'exchange_hour', ranges: [{ lower: 3, upper: 3 }] },
      ],
    })
    expect(hour.files).toHaveLength(60)
    expect(hour.manifestsRead).toBeLessThanOrEqual(2)
    expect(all.manifests).toBeGreaterThan(10)
  })

  test('merging brings no removed file back and loses none', async () => {
    const { lake, table } = await goldLake()
    let current = table
    let live: DataFile[] = []
    for (let i = 0; i < 150; i++) {
      const remove = i % 3 === 0 ? live.slice(0, 1) : []
      const add = [hourFile(i % 50), hourFile(i % 50)]
      const change = { table: current, add, remove: new Set(keys(remove)) }
      current = (await commit(lake, { ...change, operation: 'overwrite' })).table
      live = [...live.slice(remove.length), ...add]
      expect(keys(await planFiles(lake.ports, current))).toEqual(keys(live))
    }
    const manifests = await readManifests(lake.cold().store, currentSnapshot(current.metadata)!)
    expect(manifests.some(manifest => manifest.existing_files_count >= 32)).toBe(true)
    expect(keys(await planFiles(lake.cold(), current))).toEqual(keys(live))
  })

  test('a cold commit after many reads the metadata, one list and no manifest that it does not merge', async () => {
    const { lake, table } = await goldLake()
    let current = table
    for (let i = 0; i < 100; i++)
      current = (await commit(lake, { table: current, add: [hourFile(i)], operation: 'append' })).table
    const before = lake.counts.gets
    const cold = lake.cold()
    const loaded = await loadTable(cold, table.name)
    await commit({ ports: cold }, { table: loaded, add: [hourFile(1)], operation: 'append' })
    expect(lake.counts.gets - before).toBe(2)
  })
})

type Step =
  | { kind: 'append'; hours: number[] }
  | { kind: 'overwrite'; hours: number[]; picks: number[] }
  | { kind: 'replace'; picks: number[] }
  | { kind: 'delete'; picks: number[] }

const hours = fc.array(fc.nat(60), { minLength: 1, maxLength: 3 })
const picks = fc.array(fc.nat(), { minLength: 1, maxLength: 3 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('append' as const), hours }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('overwrite' as const), hours, picks }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('replace' as const), picks }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), picks }) },
)

describe('any sequence of changes', () => {
  test('scans to the files of the model, at every snapshot, and pruning loses no match', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 80 }), fc.nat(60), fc.nat(30), async (steps, from, span) => {
        const { lake, table } = await goldLake()
        let current = table
        let live = new Map<string, DataFile>()
        const history: { snapshotId: number; files: Map<string, DataFile> }[] = []
        for (const change of steps) {
          const removed = 'picks' in change ? choose([...live.values()], change.picks) : []
          if (change.kind !== 'append' && removed.length === 0) continue
          const add =
            change.kind === 'replace'
              ? removed.map(file => hourFile(hourOf(file), file.records))
              : 'hours' in change
                ? change.hours.map(hour => hourFile(hour))
                : []
          const staged = await commit(lake, {
            table: current,
            add,
            remove: new Set(removed.map(file => file.key)),
            operation: change.kind,
          })
          current = staged.table
          live = new Map(live)
          for (const file of removed) live.delete(file.key)
          for (const file of add) live.set(file.key, file)
          history.push({ snapshotId: staged.snapshotId, files: live })
        }
        const reloaded = await reload(lake, table)
        expect(keys(await planFiles(lake.cold(), reloaded))).toEqual(keys([...live.values()]))
        for (const { snapshotId, files } of history.slice(-5))
          expect(keys(await planFiles(lake.ports, reloaded, { snapshotId }))).toEqual(keys([...files.values()]))

        const [lower, upper] = [BigInt(from) * 60n * MINUTE + 7n, BigInt(from + span) * 60n * MINUTE + 7n]
        const pruned = await planFiles(lake.cold(), reloaded, {
          where: [
            { column: 'timestamp', ranges: [{ lower, upper }] },
            {
              column: 'exchange_date',
              ranges: [{ lower: Math.floor(from / 24), upper: Math.floor((from + span) / 24) }],
            },
          ],
        })
        const matching = [...live.values()].filter(file => hourOf(file) >= from && hourOf(file) <= from + span)
        expect(keys(pruned)).toEqual(keys(matching))

        const summary = currentSnapshot(reloaded.metadata)?.summary
        if (!summary) return
        const records = [...live.values()].reduce((sum, file) => sum + file.records, 0)
        expect(summary['total-records']).toBe(String(records))
        expect(summary['total-data-files']).toBe(String(live.size))
      }),
      { numRuns: 60 },
    )
  })
})

const hourOf = (file: DataFile) => Number(file.partition.exchange_date) * 24 + Number(file.partition.exchange_hour)

function choose(files: readonly DataFile[], picks: readonly number[]): DataFile[] {
  if (files.length === 0) return []
  return [...new Set(picks.map(pick => files[pick % files.length]))]
}
