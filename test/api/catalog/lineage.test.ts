/** Lineage of what users do through the catalog: their tables, and tags on the pipeline's. */
import { expect, onTestFinished, test } from 'vitest'
import { createLineage } from '../../../adapters/openlineage.ts'
import type { LineageSink } from '../../../adapters/openlineage-sinks.ts'
import type { RunEvent } from '../../../domain/openlineage.ts'
import { GOLD_TABLE } from '../../../domain/tables.ts'
import { createMetrics } from '../../../embedded/metrics.ts'
import { createTable } from '../../../iceberg/catalog.ts'
import { stageSnapshot } from '../../../iceberg/commit.ts'
import { memoryLake } from '../../functions/support.ts'
import { SILENT } from '../../silent-log.ts'
import { append, askedApi } from '../support.ts'

function told() {
  const events: RunEvent[] = []
  const sink: LineageSink = {
    target: 'this test',
    async send(some) {
      events.push(...some)
    },
  }
  const lake = memoryLake()
  const lineage = createLineage({ sink, clock: lake.clock, telemetry: { log: SILENT, metrics: createMetrics() } })
  onTestFinished(() => lineage.close())
  /** What has been told of since: the job, what changed in the table's life, the snapshot, the rows that were written. */
  async function ends() {
    await lineage.flush(10_000)
    return events
      .splice(0)
      .filter(({ eventType }) => eventType === 'COMPLETE')
      .map(({ job, inputs, outputs: [{ facets, outputFacets }] }) => [
        job.name,
        inputs.length,
        facets?.lifecycleStateChange?.lifecycleStateChange,
        facets?.version?.datasetVersion,
        outputFacets?.outputStatistics?.rowCount,
      ])
  }
  return { ...askedApi({ lineage }, lake), ends }
}

test('a user’s table is told of from its making to its end, with ids of 64 bits as they are', async () => {
  const { ask, made, manifestList, ends } = told()
  const { location } = await made('lab', 'runs')
  expect(await ends()).toEqual([['catalog.lab.runs', 0, 'CREATE', undefined, undefined]])

  const id = '9007199254740993'
  const body = append(id, await manifestList(location, BigInt(id)))
  expect((await ask('POST', 'namespaces/lab/tables/runs', body)).status).toBe(200)
  expect(await ends()).toEqual([['catalog.lab.runs', 0, undefined, id, 0]])

  const field = { id: 9, name: 'note', required: false, type: 'string' }
  const { schemas } = (await ask('GET', 'namespaces/lab/tables/runs')).body.metadata
  const schema = { ...schemas[0], fields: [...schemas[0].fields, field] }
  const updates = [
    { action: 'add-schema', schema },
    { action: 'set-current-schema', 'schema-id': -1 },
  ]
  expect((await ask('POST', 'namespaces/lab/tables/runs', { requirements: [], updates })).status).toBe(200)
  expect(await ends()).toEqual([['catalog.lab.runs', 1, 'ALTER', id, undefined]])

  const destination = { namespace: ['lab'], name: 'done' }
  const rename = { source: { namespace: ['lab'], name: 'runs' }, destination }
  expect((await ask('POST', 'tables/rename', rename)).status).toBe(204)
  expect(await ends()).toEqual([])

  expect((await ask('DELETE', 'namespaces/lab/tables/done')).status).toBe(204)
  expect(await ends()).toEqual([['catalog.lab.done', 0, 'DROP', id, undefined]])
})

test('a tag on a table of the pipeline is a change of the table that writes no rows', async () => {
  const { ask, ports, ends } = told()
  const table = await createTable(ports, GOLD_TABLE)
  const staged = await stageSnapshot(ports, { table, operation: 'append' })
  await ports.state.transact([staged.write], ports.ids.uuid())
  const tag = { action: 'set-snapshot-ref', 'ref-name': 'mine', type: 'tag', 'snapshot-id': staged.snapshotId }
  const path = 'namespaces/market_data/tables/gold_crypto_trades'
  expect((await ask('POST', path, { requirements: [], updates: [tag] })).status).toBe(200)
  expect(await ends()).toEqual([
    ['catalog.market_data.gold_crypto_trades', 1, undefined, String(staged.snapshotId), undefined],
  ])
})
