/** Packed files say what the files say that they were made from. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { boundsOf, fromRaw } from '../../iceberg/listed-file.ts'
import type { ManifestEntry } from '../../iceberg/manifest.ts'
import { packed } from '../../iceberg/packed-files.ts'
import type { RawDataFile } from '../../iceberg/raw-data-file.ts'

const ids = fc.constantFrom(1, 2, 3, 17, 2_147_483_546)
const pairs = <V>(value: fc.Arbitrary<V>) =>
  fc.option(fc.uniqueArray(fc.record({ key: ids, value }), { selector: ({ key }) => key }), { nil: null })
const count = fc.oneof(fc.nat(), fc.constantFrom(0, 2 ** 31, 2 ** 32, 2 ** 52 - 1))
const bytes = fc.uint8Array({ maxLength: 20 }).map(value => Buffer.from(value))

const rawFile: fc.Arbitrary<RawDataFile> = fc.record({
  content: fc.constant(0),
  file_path: fc.string().map(name => `file:///lake/${name}`),
  file_format: fc.constant('PARQUET'),
  partition: fc.record({ day: fc.option(fc.constantFrom(1, 2)) }),
  record_count: fc.nat(),
  file_size_in_bytes: fc.nat(),
  column_sizes: pairs(count),
  value_counts: pairs(count),
  null_value_counts: pairs(count),
  lower_bounds: pairs(bytes),
  upper_bounds: pairs(bytes),
  split_offsets: fc.option(fc.array(fc.nat(), { minLength: 1 })),
  sort_order_id: fc.option(fc.nat()),
})

const entryOf = (data_file: RawDataFile): ManifestEntry => ({
  ...{ status: 1, snapshot_id: 5, sequence_number: null, file_sequence_number: 7 },
  data_file,
})

test('packed entries are those that were packed, list by list and column by column', () => {
  fc.assert(
    fc.property(fc.array(rawFile, { maxLength: 5 }), files => {
      const { value } = packed(files.map(entryOf))
      expect(value).toHaveLength(files.length)
      for (const [i, file] of files.entries()) {
        expect(value[i]).toMatchObject({ status: 1, snapshot_id: 5, sequence_number: null, file_sequence_number: 7 })
        const found = value[i].data_file
        for (const [name, expected] of Object.entries(file))
          expect(found[name as keyof RawDataFile], name).toEqual(expected)
        for (const id of [1, 2, 3, 17, 2_147_483_546, 4]) {
          const valueIn = <V>(list: readonly { key: number; value: V }[] | null | undefined) =>
            list?.find(({ key }) => key === id)?.value
          expect(found.count('value_counts', id)).toBe(valueIn(file.value_counts))
          expect(found.count('null_value_counts', id)).toBe(valueIn(file.null_value_counts))
          expect(found.bound('lower_bounds', id)).toEqual(valueIn(file.lower_bounds))
          expect(found.bound('upper_bounds', id)).toEqual(valueIn(file.upper_bounds))
        }
      }
    }),
  )
})

const FILE: RawDataFile = {
  ...{ content: 0, file_path: 'file:///lake/a.parquet', file_format: 'PARQUET', partition: { day: 3 } },
  ...{ record_count: 9, file_size_in_bytes: 1_000, split_offsets: [4], sort_order_id: 1 },
  column_sizes: [{ key: 1, value: 50 }],
  value_counts: [{ key: 1, value: 9 }],
  null_value_counts: [{ key: 1, value: 0 }],
  lower_bounds: [{ key: 1, value: Buffer.from('a') }],
  upper_bounds: [{ key: 1, value: Buffer.from('z') }],
}

test('a data file of a manifest, and a copy of it, has all that the stages know of one', () => {
  const store = { root: 'file:///lake' }
  const [{ data_file: raw }] = packed([entryOf(FILE)]).value
  const expected = {
    ...{ key: 'a.parquet', partition: { day: 3 }, records: 9, bytes: 1_000, splitOffsets: [4] },
    ...{ columnSizes: { 1: 50 }, valueCounts: { 1: 9 }, nullCounts: { 1: 0 } },
    ...{ lowerBounds: { 1: Buffer.from('a') }, upperBounds: { 1: Buffer.from('z') } },
  }
  for (const file of [fromRaw(store, raw), { ...fromRaw(store, raw) }, { ...fromRaw(store, FILE) }]) {
    expect(file).toEqual(expected)
    expect(JSON.parse(JSON.stringify(file)).nullCounts).toEqual({ 1: 0 })
    expect(boundsOf(file, 1)).toEqual({ lower: Buffer.from('a'), upper: Buffer.from('z') })
    expect(boundsOf(file, 2)).toEqual({ lower: undefined, upper: undefined })
  }
})

test('a thousand files of twelve columns take less than 2 KB each', () => {
  const list = <V>(value: V) => Array.from({ length: 12 }, (_, key) => ({ key, value }))
  const [sizes, bounds] = [list(70_000), list(Buffer.alloc(9))]
  const lists = { column_sizes: sizes, value_counts: sizes, null_value_counts: sizes }
  const file = { ...FILE, ...lists, lower_bounds: bounds, upper_bounds: bounds }
  expect(packed(Array.from({ length: 1_000 }, () => entryOf(file))).weight).toBeLessThan(2_000_000)
})
