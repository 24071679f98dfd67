import { gunzipSync } from 'node:zlib'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { GOLD_TABLE } from '../../domain/tables.ts'
import { gzipPart, joinGzip, partOf } from '../../iceberg/gzip-parts.ts'
import { addSnapshot, newMetadata } from '../../iceberg/metadata.ts'
import { nextMetadataKey, readMetadata, writeMetadata } from '../../iceberg/metadata-file.ts'
import type { Snapshot } from '../../iceberg/table-metadata.ts'
import { testLake } from './support.ts'

test('parts that were compressed by themselves are one whole gzip file', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary', maxLength: 300 })), texts => {
      expect(gunzipSync(joinGzip(texts.map(gzipPart))).toString()).toBe(Buffer.from(texts.join('')).toString())
    }),
  )
})

test.each([1, 10_000])('a part keeps no larger buffers alive than its own (a text %d times)', times => {
  const made = gzipPart('the same again, '.repeat(times))
  const joined = Buffer.from(joinGzip([made]))
  for (const { plain, deflated } of [made, partOf(joined)]) {
    expect(plain.length).toBe(16 * times)
    for (const bytes of [plain, deflated]) expect(bytes.buffer.byteLength).toBe(bytes.length)
  }
})

test('versions of a table share their snapshots and logs, and are what their files say', async () => {
  const { store: written } = testLake().ports
  let metadata = newMetadata({ table: GOLD_TABLE, location: 'memory://lake/t', uuid: 'u', nowMs: 0 })
  const keys: string[] = []
  for (let n = 0; n < 4; n++) {
    metadata = addSnapshot(metadata, snapshotAt(n), `memory://lake/${keys.at(-1) ?? 'first'}`)
    keys.push(nextMetadataKey(GOLD_TABLE.name, undefined, String(n)))
    await writeMetadata(written, keys[n], metadata)
  }
  // Another process reads them.
  const store = { root: written.root, get: (key: string) => written.get(key) }
  const read = []
  for (const key of keys) read.push(await readMetadata(store, `${written.root}/${key}`))
  for (const [n, key] of keys.entries())
    expect(read[n]).toEqual(JSON.parse(gunzipSync(await written.get(key)).toString()))
  for (const name of ['snapshots', 'snapshot-log', 'metadata-log'] as const)
    for (const [n, item] of read[2][name].entries()) expect(read[3][name][n], name).toBe(item)
  // A snapshot of the same number that is another one is not taken for it.
  const forged = { ...metadata, snapshots: metadata.snapshots.map(each => ({ ...each, 'timestamp-ms': 1 })) }
  await written.put('forged.metadata.json', Buffer.from(JSON.stringify(forged)))
  expect((await readMetadata(store, `${written.root}/forged.metadata.json`)).snapshots).toEqual(forged.snapshots)
})

test('what is written is the metadata, whatever snapshots came and left since runs of them were compressed', async () => {
  const { store } = testLake().ports
  const retention = { allMs: 200_000, hourlyMs: 0, maxAgeMs: 200_000, minCount: 1, maxCount: 150 }
  let metadata = newMetadata({ table: GOLD_TABLE, location: 'memory://lake/t', uuid: 'u', nowMs: 0, retention })
  for (let n = 0; n <= 600; n++) {
    const key = nextMetadataKey(GOLD_TABLE.name, undefined, String(n))
    await writeMetadata(store, key, metadata)
    expect(JSON.parse(gunzipSync(await store.get(key)).toString())).toEqual(metadata)
    metadata = addSnapshot(metadata, snapshotAt(n), `memory://lake/${key}`)
  }
  expect(metadata.snapshots).toHaveLength(150)
})

/** A second apart; ids as scattered as real ones. */
function snapshotAt(n: number): Snapshot {
  return {
    'snapshot-id': Math.floor(((n + 1) * 0.6180339887 * 2 ** 40) % 2 ** 40) + 1,
    'sequence-number': n + 1,
    'timestamp-ms': (n + 1) * 1_000,
    'manifest-list': `memory://lake/snap-${n}.avro`,
    summary: { operation: 'append', 'added-records': String(n) },
  }
}
