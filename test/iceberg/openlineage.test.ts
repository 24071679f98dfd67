/** What a commit becomes as a run, from metadata written by hand. */
import { describe, expect, test } from 'vitest'
import { eventsOf } from '../../domain/openlineage.ts'
import { runOf, type TableCommit } from '../../iceberg/openlineage.ts'
import type { AnyMetadata, AnySnapshot } from '../../iceberg/updates/any-metadata.ts'

const SUMMARY = {
  operation: 'overwrite',
  'added-data-files': '2',
  'added-records': '30',
  'added-files-size': '4096',
  'deleted-data-files': '1',
  'deleted-records': '10',
  'total-records': '120',
}

const snapshot = (id: number | bigint, more: Partial<AnySnapshot> = {}): AnySnapshot => ({
  'snapshot-id': id,
  'sequence-number': 3,
  'timestamp-ms': 1_000,
  summary: SUMMARY,
  ...more,
})

const metadata = (snapshots: readonly AnySnapshot[], more: Partial<AnyMetadata> = {}): AnyMetadata => ({
  'format-version': 2,
  'table-uuid': '00000000-0000-0000-0000-000000000001',
  location: 's3://lake/market_data/t',
  'last-sequence-number': 3,
  'last-updated-ms': 1_000,
  'last-column-id': 5,
  'current-schema-id': 0,
  schemas: [
    {
      type: 'struct',
      'schema-id': 0,
      fields: [
        { id: 1, name: 'price', required: true, type: 'decimal(20, 10)', doc: 'What was paid.' },
        {
          id: 2,
          name: 'tags',
          required: false,
          type: { type: 'list', 'element-id': 3, element: 'string', 'element-required': true },
        },
      ],
    },
  ],
  'default-spec-id': 0,
  'partition-specs': [{ 'spec-id': 0, fields: [] }],
  'last-partition-id': 999,
  'default-sort-order-id': 0,
  'sort-orders': [{ 'order-id': 0, fields: [] }],
  properties: {},
  'current-snapshot-id': snapshots.at(-1)?.['snapshot-id'] ?? -1,
  refs: {},
  snapshots,
  'snapshot-log': [],
  'metadata-log': [{ 'metadata-file': 's3://lake/market_data/t/metadata/0.json', 'timestamp-ms': 0 }],
  ...more,
})

const SOURCE = { namespace: 's3://lake', name: 'market_data/source' }

const commit = (more: Partial<TableCommit>): TableCommit => ({
  job: { namespace: 'tradelake', name: 'gold.t' },
  table: 'market_data.t',
  root: 's3://lake',
  location: 's3://lake/market_data/t/metadata/00001-a.gz.metadata.json',
  metadata: metadata([snapshot(1), snapshot(2)]),
  previous: metadata([snapshot(1)]),
  kind: 'move',
  endedMs: 1_500,
  inputs: [SOURCE],
  columnLineage: { columnLineage: { fields: {} } },
  ...more,
})

const facetOf = (change: TableCommit, name: string) => runOf(change).outputs[0].facets?.[name]
const outputFacetOf = (change: TableCommit, name: string) => runOf(change).outputs[0].outputFacets?.[name]

describe('a commit that brings rows', () => {
  test('is a run with a beginning and an end, of the id that its metadata has', () => {
    const [start, complete] = eventsOf(runOf(commit({})))
    // uuid.uuid5(uuid.NAMESPACE_URL, 's3://lake/market_data/t/metadata/00001-a.gz.metadata.json') of Python.
    expect(start.run.runId).toBe('b037b285-fcaa-5f91-bb69-c784073d5265')
    expect(complete.run.runId).toBe(start.run.runId)
    expect([start.eventType, start.eventTime, start.inputs, start.outputs]).toEqual([
      'START',
      '1970-01-01T00:00:01.000Z',
      [],
      [],
    ])
    expect([complete.eventType, complete.eventTime]).toEqual(['COMPLETE', '1970-01-01T00:00:01.500Z'])
    expect(complete.job).toEqual({ namespace: 'tradelake', name: 'gold.t' })
    expect(complete.inputs).toEqual([SOURCE])
    expect(complete.outputs).toHaveLength(1)
  })

  test('wrote the table where its files are, which has its name beside it', () => {
    const [output] = runOf(commit({})).outputs
    expect([output.namespace, output.name]).toEqual(['s3://lake', 'market_data/t'])
    expect(output.facets?.symlinks).toMatchObject({
      identifiers: [{ namespace: 's3://lake', name: 'market_data.t', type: 'TABLE' }],
    })
    const local = metadata([snapshot(2)], { location: 'file:///data/a b/market_data/t' })
    const [file] = runOf(commit({ metadata: local })).outputs
    expect([file.namespace, file.name]).toEqual(['file', '/data/a b/market_data/t'])
  })

  test('says what it wrote, and all that changed', () => {
    expect(outputFacetOf(commit({}), 'outputStatistics')).toMatchObject({ rowCount: 30, size: 4096, fileCount: 2 })
    const report = outputFacetOf(commit({}), 'iceberg_commit_report')
    expect(report).toMatchObject({ snapshotId: 2, sequenceNumber: 3, operation: 'overwrite' })
    expect(report?.commitMetrics).toEqual({
      addedDataFiles: 2,
      removedDataFiles: 1,
      addedRecords: 30,
      removedRecords: 10,
      totalRecords: 120,
      addedFilesSizeInBytes: 4096,
      removedFilesSizeInBytes: 0,
    })
    expect(facetOf(commit({}), 'version')).toMatchObject({ datasetVersion: '2' })
    expect(facetOf(commit({}), 'columnLineage')).toBeDefined()
    expect(facetOf(commit({}), 'lifecycleStateChange')).toBeUndefined()
  })

  test('has its columns, and what they nest', () => {
    expect(facetOf(commit({}), 'schema')?.fields).toEqual([
      { name: 'price', type: 'decimal(20, 10)', description: 'What was paid.', ordinal_position: 1 },
      { name: 'tags', type: 'array', ordinal_position: 2, fields: [{ name: '_element', type: 'string' }] },
    ])
  })

  test('has numbers and times, whatever another writer left', () => {
    const odd = { operation: 'append', 'added-records': 'many', 'added-files-size': '1e400', 'total-records': '-1' }
    const change = commit({ metadata: metadata([snapshot(1), snapshot(2, { summary: odd, 'timestamp-ms': 1e300 })]) })
    expect(outputFacetOf(change, 'outputStatistics')).toMatchObject({ rowCount: 0, size: 0, fileCount: 0 })
    expect(outputFacetOf(change, 'iceberg_commit_report')?.commitMetrics).toMatchObject({ totalRecords: 0 })
    expect(eventsOf(runOf(change))[0].eventTime).toBe('1970-01-01T00:00:01.500Z')
  })

  test('keeps an id of 64 bits as it is', () => {
    const wide = commit({ metadata: metadata([snapshot(1), snapshot(9_007_199_254_740_993n)]) })
    expect(facetOf(wide, 'version')).toMatchObject({ datasetVersion: '9007199254740993' })
    expect(outputFacetOf(wide, 'iceberg_commit_report')).not.toHaveProperty('snapshotId')
    expect(() => JSON.stringify(eventsOf(runOf(wide)))).not.toThrow()
  })
})

describe('a commit that brings no rows from elsewhere', () => {
  const itself = [{ namespace: 's3://lake', name: 'market_data/t' }]

  test('reads the table itself where it joins files', () => {
    const joined = metadata([snapshot(1), snapshot(2, { summary: { ...SUMMARY, operation: 'replace' } })])
    const run = runOf(commit({ metadata: joined }))
    expect(run.inputs).toMatchObject(itself)
    expect(run.inputs[0].facets?.version).toMatchObject({ datasetVersion: '1' })
    expect(run.outputs[0].outputFacets?.outputStatistics).toMatchObject({ rowCount: 30 })
    expect(run.outputs[0].facets).not.toHaveProperty('columnLineage')
  })

  test('wrote nothing where it expires snapshots', () => {
    const expired = commit({ metadata: metadata([snapshot(2)]), previous: metadata([snapshot(1), snapshot(2)]) })
    expect(runOf(expired).inputs).toMatchObject(itself)
    expect(runOf(expired).outputs[0]).not.toHaveProperty('outputFacets')
    expect(facetOf(expired, 'version')).toMatchObject({ datasetVersion: '2' })
  })

  test('wrote nothing where it goes back to an earlier snapshot', () => {
    const back = commit({ metadata: metadata([snapshot(1)]), previous: metadata([snapshot(1), snapshot(2)]) })
    expect(runOf(back).outputs[0]).not.toHaveProperty('outputFacets')
  })

  test('is told from one that brings rows by its time, where the metadata before it is gone', () => {
    const later = metadata([snapshot(1), snapshot(2)], { 'last-updated-ms': 1_200 })
    expect(runOf(commit({ metadata: later, previous: undefined })).outputs[0]).not.toHaveProperty('outputFacets')
    expect(runOf(commit({ previous: undefined })).outputs[0]).toHaveProperty('outputFacets')
  })
})

describe('the life of a table', () => {
  test('begins with a run that made it', () => {
    const made = commit({ kind: 'create', previous: undefined, metadata: metadata([], { 'metadata-log': [] }) })
    expect(facetOf(made, 'lifecycleStateChange')).toMatchObject({ lifecycleStateChange: 'CREATE' })
    expect(runOf(made).inputs).toEqual([])
    expect(facetOf(made, 'version')).toBeUndefined()
  })

  test('does not begin again where a repair puts its pointer back', () => {
    const back = commit({ kind: 'create', previous: undefined, metadata: metadata([snapshot(1)]) })
    expect(facetOf(back, 'lifecycleStateChange')).toBeUndefined()
  })

  test('changes with its schema', () => {
    const [schema] = metadata([]).schemas
    const other = { 'current-schema-id': 1, schemas: [schema, { ...schema, 'schema-id': 1 }] }
    const altered = commit({ metadata: metadata([snapshot(1), snapshot(2)], other) })
    expect(facetOf(altered, 'lifecycleStateChange')).toMatchObject({ lifecycleStateChange: 'ALTER' })
  })

  test('ends with a run of its own', () => {
    const dropped = commit({ kind: 'drop', previous: undefined })
    expect(facetOf(dropped, 'lifecycleStateChange')).toMatchObject({ lifecycleStateChange: 'DROP' })
    expect(runOf(dropped).id).not.toBe(runOf(commit({})).id)
    expect(runOf(dropped).outputs[0]).not.toHaveProperty('outputFacets')
  })
})
