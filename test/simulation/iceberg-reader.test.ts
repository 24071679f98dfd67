import { expect, test } from 'vitest'
import { bronzeTable } from '../../domain/tables.ts'
import { loadTable } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import { planFiles } from '../../iceberg/scan.ts'
import { put, run } from '../functions/bronze-support.ts'
import { BINANCE, commitAll, memoryLake } from '../functions/support.ts'
import { listedFiles } from './iceberg-reader.ts'

const { name } = bronzeTable(BINANCE)

test('the simulation’s own reader lists what the product’s scan finds, and a file twice that is listed twice', async () => {
  const lake = memoryLake()
  expect(await listedFiles(lake.ports, name)).toEqual([])
  for (let from = 0; from < 40; from += 4) {
    await put(lake, run(0, from, from + 4))
    await commitAll(lake)
  }
  const table = await loadTable(lake.ports, name)
  const found = await planFiles(lake.ports, table)
  const listed = await listedFiles(lake.ports, name)
  const shown = (files: readonly { key: string; bytes: number; records: number }[]) =>
    files.map(({ key, bytes, records }) => `${key} ${bytes} ${records}`).sort()
  expect(shown(listed)).toEqual(shown(found))
  expect(listed[0].partition).toEqual({ ingestion_date_day: found[0].partition.ingestion_date_day })

  const twice = await stageSnapshot(lake.ports, { table, add: [found[3]], operation: 'append' })
  await lake.ports.state.transact([twice.write], 'twice')
  const repeated = (await listedFiles(lake.ports, name)).filter(({ key }) => key === found[3].key)
  expect(repeated).toHaveLength(2)
})
