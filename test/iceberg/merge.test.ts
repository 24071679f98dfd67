import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { ManifestEntry } from '../../iceberg/manifest.ts'
import type { ManifestFile } from '../../iceberg/manifest-list.ts'
import { cutByPartition, liveFiles, MERGE_FAN_IN, planMerge, TARGET_MANIFEST_BYTES } from '../../iceberg/merge.ts'
import type { BoundField } from '../../iceberg/partitions.ts'

const day: BoundField = { id: 1000, name: 'day', transform: 'day', sourceId: 1, sourceType: 'date', type: 'date' }

function manifest(sequence: number, files: number, bytes = 5_000 + files * 200): ManifestFile {
  return {
    manifest_path: `memory://lake/${sequence}.avro`,
    manifest_length: bytes,
    partition_spec_id: 0,
    content: 0,
    sequence_number: sequence,
    min_sequence_number: sequence,
    added_snapshot_id: sequence,
    added_files_count: files,
    existing_files_count: 0,
    deleted_files_count: 0,
    added_rows_count: files,
    existing_rows_count: 0,
    deleted_rows_count: 0,
  }
}

const entry = (partition: number | null) =>
  ({ data_file: { partition: { day: partition } } }) as unknown as ManifestEntry

describe('merging manifests', () => {
  test('nothing is merged until a tier is full, then its oldest 32', () => {
    const small = Array.from({ length: 40 }, (_, i) => manifest(40 - i, 3))
    expect(planMerge(small.slice(0, MERGE_FAN_IN - 1))).toBeUndefined()
    expect(planMerge(small)?.manifests.map(m => m.sequence_number)).toEqual(
      Array.from({ length: MERGE_FAN_IN }, (_, i) => i + 1),
    )
  })

  test('manifests of different sizes are not merged with each other', () => {
    const mixed = Array.from({ length: 60 }, (_, i) => manifest(i, i % 2 === 0 ? 1 : 500))
    expect(planMerge(mixed)).toBeUndefined()
  })

  test('a merge reads at most the target size, and a manifest near it rests', () => {
    const large = Array.from({ length: 40 }, (_, i) => manifest(i, 2_000, TARGET_MANIFEST_BYTES / 10))
    const merge = planMerge(large)!
    expect(merge.manifests).toHaveLength(10)
    const resting = Array.from({ length: 40 }, (_, i) => manifest(i, 2_000, TARGET_MANIFEST_BYTES * 0.6))
    expect(planMerge(resting)).toBeUndefined()
  })

  test('any run of commits leaves a bounded number of manifests, and each file is rewritten a few times', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 3_000, maxLength: 3_000 }), sizes => {
        let live: ManifestFile[] = []
        let rewritten = 0
        let total = 0
        for (const [sequence, size] of sizes.entries()) {
          const merge = planMerge(live)
          if (merge) {
            const files = merge.manifests.reduce((sum, m) => sum + liveFiles(m), 0)
            rewritten += files
            live = [manifest(sequence, files), ...live.filter(m => !merge.manifests.includes(m))]
          }
          live = [manifest(sequence, size), ...live]
          total += size
        }
        expect(live.length).toBeLessThan(4 * MERGE_FAN_IN)
        expect(rewritten).toBeLessThan(3 * total)
      }),
      { numRuns: 5 },
    )
  })

  test('what comes out is cut where the partition changes, in parts of at least the asked size', () => {
    fc.assert(
      fc.property(
        fc.array(fc.option(fc.integer({ min: 0, max: 5 })), { maxLength: 200 }),
        fc.integer({ min: 1, max: 60 }),
        (days, least) => {
          const parts = cutByPartition([day], days.map(entry), least)
          expect(parts.flat()).toHaveLength(days.length)
          if (days.length >= least) for (const part of parts) expect(part.length).toBeGreaterThanOrEqual(least)
          for (const [index, part] of parts.slice(1).entries())
            expect(part[0].data_file.partition.day).not.toBe(parts[index].at(-1)!.data_file.partition.day)
        },
      ),
    )
  })
})
