/** Our tables, read by Iceberg's own Java library: types, every row, sums, and each table's first snapshot. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decimalType } from '../../domain/column-types.ts'
import { readParquet } from '../../domain/sql.ts'
import { type Lake, openLake } from '../../embedded/lake.ts'
import type { LoadedTable } from '../../iceberg/catalog.ts'
import { planFiles } from '../../iceberg/scan.ts'
import { hasJava } from '../../localstack/maven.ts'
import { openTables } from '../../tables/views.ts'
import { output } from '../cli/support.ts'
import { fragmentedLake } from '../embedded/support.ts'
import { digestFiles, digestRows, textsQuery } from './digest.ts'
import { readWithJava } from './java.ts'
import { icebergType, type LakeRequest } from './python.ts'

const java = hasJava()
if (!java) console.warn('Skipped: reading our tables with Iceberg’s Java library needs java and mvn.')

describe.skipIf(!java)('Iceberg’s Java library', () => {
  let directory: string
  let lake: Lake

  beforeAll(async () => {
    const made = await fragmentedLake()
    directory = made.directory
    made.close()
    lake = await openLake(directory)
  })
  afterAll(() => {
    lake?.close()
    if (directory) rmSync(join(directory, '..'), { recursive: true })
  })

  /** Local files of a snapshot. */
  async function pathsOf(table: LoadedTable, snapshotId?: number): Promise<string[]> {
    const files = await planFiles(lake.ports, table, { snapshotId })
    return files.map(file => join(directory, 'objects', file.key))
  }

  test('reads every table as tradelake sql does, down to the last digit, and what its first snapshot held', async () => {
    // Prepare
    const tables = (await openTables(lake)).flatMap(({ definition, loaded }) =>
      loaded ? [{ definition, loaded }] : [],
    )
    expect(tables.length).toBeGreaterThanOrEqual(13)
    const requests = tables.flatMap(({ definition, loaded }): LakeRequest[] => {
      const base = { table: definition.name, metadata_location: loaded.metadataLocation }
      return [base, { ...base, snapshot_id: loaded.metadata.snapshots[0]['snapshot-id'] }]
    })

    // Act
    const answers = await readWithJava(requests, join(directory, '..'))

    // Assess
    for (const [i, { definition, loaded }] of tables.entries()) {
      const { name, columns } = definition
      const [now, first] = answers.slice(2 * i, 2 * i + 2)
      const sql = async (query: string) =>
        JSON.parse(await output('sql', query, '--format', 'json', '--data', directory))
      const rows = await sql(textsQuery(definition, name))
      expect(rows.length, name).toBeGreaterThan(0)
      expect(now, name).toMatchObject({ table: name, ...digestRows(definition, rows) })
      expect(now.schema).toEqual(Object.fromEntries(columns.map(column => [column.name, icebergType(column.type)])))
      expect(now.snapshots).toEqual(loaded.metadata.snapshots.map(snapshot => snapshot['snapshot-id']))
      const decimals = columns.filter(column => decimalType(column.type)).map(column => column.name)
      const current = await pathsOf(loaded)
      const sums = ['count(*) AS n', ...decimals.map(column => `sum("${column}")::VARCHAR AS "${column}"`)]
      const [expected] = await lake.ports.engine.run([`SELECT ${sums.join(', ')} FROM ${readParquet(current)}`])
      expect({ n: BigInt(now.rows), ...now.sums }, name).toEqual(
        Object.fromEntries(Object.entries(expected).filter(([, sum]) => sum !== null)),
      )
      const paths = await pathsOf(loaded, loaded.metadata.snapshots[0]['snapshot-id'])
      expect(first, `${name}, first snapshot`).toMatchObject(await digestFiles(lake.ports.engine, definition, paths))
    }
    expect(tables.some(({ loaded }) => loaded.metadata.snapshots.length > 1)).toBe(true)
  })
})
