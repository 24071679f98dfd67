/**
 * A whole lake, made by the command, read by PyIceberg table by table: types, rows, pruning and time travel, row for row
 * what `tradelake sql` and DuckDB over the same files say.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { FEED_GAPS_TOPIC } from '../../domain/names.ts'
import { allTables, DATA_LOSSES_TABLE } from '../../domain/tables.ts'
import { dayName } from '../../domain/time.ts'
import { openLakeReadOnly } from '../../embedded/lake.ts'
import { planFiles } from '../../iceberg/scan.ts'
import { hasPython } from '../../localstack/python.ts'
import { openTables } from '../../tables/views.ts'
import { output } from '../cli/support.ts'
import { drainLake, fragmentedLake } from '../embedded/support.ts'
import { digestFiles, digestRows, textsQuery } from './digest.ts'
import { checkLake, type LakeAnswer, type LakeRequest, readersPython } from './python.ts'

const python3 = hasPython()
if (!python3) console.warn('Skipped: reading a lake with PyIceberg needs python3 with venv.')

const folder = mkdtempSync(join(tmpdir(), 'tradelake-lake-'))
const directory = join(folder, 'a lake')
let python: string

beforeAll(async () => {
  if (!python3) return
  python = await readersPython()
  // Twice, so that tables have several snapshots and hold late trades and repeats of the first run.
  await output('start', '--rate', '2000', '--for', '8s', '--data', directory)
  await output('start', '--for', '4s', '--data', directory)
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function ask(requests: readonly LakeRequest[]): Promise<LakeAnswer[]> {
  return checkLake(python, requests, join(folder, 'requests.json'))
}

/** Every table, as PyIceberg, DuckDB's own Iceberg reader and `tradelake sql` read it; gives the files of each. */
async function compareTables(data: string): Promise<Record<string, number>> {
  const all = JSON.parse(await output('tables', '--json', '--data', data)) as {
    table: string
    rows: number
    files: number
    metadata_location: string
  }[]
  const tables = all.filter(({ table }) => table !== DATA_LOSSES_TABLE.name)
  const definitions = allTables().filter(({ name }) => name !== DATA_LOSSES_TABLE.name)
  expect(tables.map(({ table }) => table)).toEqual(definitions.map(({ name }) => name))
  const answers = await ask(tables.map(({ table, metadata_location }) => ({ table, metadata_location })))
  for (const [i, definition] of definitions.entries()) {
    const query = textsQuery(definition, definition.name)
    const rows = JSON.parse(await output('sql', query, '--format', 'json', '--data', data))
    expect(rows.length, definition.name).toBeGreaterThan(0)
    expect(answers[i]).toMatchObject({ table: definition.name, avro: [], ...digestRows(definition, rows) })
    expect(answers[i].duckdb, `${definition.name} through DuckDB's own Iceberg reader`).toBe(rows.length)
    expect(tables[i].rows).toBe(rows.length)
  }
  return Object.fromEntries(tables.map(({ table, files }) => [table, files]))
}

describe.skipIf(!python3)('PyIceberg and tradelake sql', () => {
  test('give the same rows of every table, down to the last digit', async () => {
    await compareTables(directory)
  })

  test('agree on what older snapshots held, and on which files a day needs', async () => {
    const lake = await openLakeReadOnly(directory)
    try {
      const requests: LakeRequest[] = []
      const expected: object[] = []
      for (const { definition, loaded } of await openTables(lake)) {
        // Nothing is lost.
        if (definition.name === DATA_LOSSES_TABLE.name) continue
        if (!loaded) throw new Error(`${definition.name} was never committed`)
        const base = { table: definition.name, metadata_location: loaded.metadataLocation }
        const snapshots = loaded.metadata.snapshots
        const older = snapshots[Math.floor(snapshots.length / 2)]['snapshot-id']
        const files = await planFiles(lake.ports, loaded, { snapshotId: older })
        const paths = files.map(file => join(directory, 'objects', file.key))
        expect(paths.every(path => existsSync(path))).toBe(true)
        requests.push({ ...base, snapshot_id: older })
        expected.push({ ...(await digestFiles(lake.ports.engine, definition, paths)), planned: files.length })
        const { source } = definition.partition[0]
        const lastYear = Math.floor(lake.ports.clock.now() / 86_400_000) - 400
        requests.push({ ...base, filter: `${source} == '${dayName(lastYear)}'` })
        expected.push({ planned: 0, rows: 0 })
        const where = [{ column: source, ranges: [{ lower: lastYear, upper: lastYear }] }]
        expect(await planFiles(lake.ports, loaded, { where })).toEqual([])
      }
      const answers = await ask(requests)
      for (const [i, answer] of answers.entries())
        expect(answer, JSON.stringify(requests[i])).toMatchObject(expected[i])
    } finally {
      lake.close()
    }
  })

  test('agree on a range of time in Gold, and both leave files out', async () => {
    const lake = await openLakeReadOnly(directory)
    try {
      const gold = (await openTables(lake)).find(({ definition }) => definition.name === 'gold_crypto_trades')
      if (!gold?.loaded) throw new Error('Gold was never committed')
      const [{ middle }] = await lake.ports.engine.run([
        `SELECT epoch_us(quantile_disc("timestamp", 0.5)) AS middle FROM read_parquet([${gold.files
          .map(file => `'${join(directory, 'objects', file.key)}'`)
          .join(', ')}], hive_partitioning = false)`,
      ])
      const lower = BigInt(middle as bigint)
      const upper = lower + 500_000n
      const iso = (micros: bigint) =>
        `${new Date(Number(micros / 1000n)).toISOString().slice(0, -1)}${String(micros % 1000n).padStart(3, '0')}+00:00`
      const files = await planFiles(lake.ports, gold.loaded, {
        where: [{ column: 'timestamp', ranges: [{ lower, upper }] }],
      })
      expect(files.length).toBeLessThan(gold.files.length)
      const filter = `timestamp >= '${iso(lower)}' and timestamp <= '${iso(upper)}'`
      const [answer] = await ask([
        { table: 'gold_crypto_trades', metadata_location: gold.loaded.metadataLocation, filter },
      ])
      expect(answer.planned).toBe(files.length)
      const count = `SELECT count(*) AS trades FROM gold_crypto_trades WHERE epoch_us("timestamp") BETWEEN ${lower} AND ${upper}`
      expect(JSON.parse(await output('sql', count, '--format', 'json', '--data', directory))).toEqual([
        { trades: answer.rows },
      ])
      expect(answer.rows).toBeGreaterThan(0)
    } finally {
      lake.close()
    }
  })

  test('agree on a lake whose files were joined', async () => {
    const lake = await fragmentedLake()
    onTestFinished(() => rmSync(join(lake.directory, '..'), { recursive: true }))
    // Its market came without feeds, which would have reported something.
    await lake.topics.append(FEED_GAPS_TOPIC, [{ partition: 0, key: null, value: Buffer.from('{}'), timestamp: 0 }])
    await drainLake(lake)
    lake.close()
    const data = lake.directory
    const before = await compareTables(data)
    const { tables, failures } = JSON.parse(await output('maintain', '--json', '--data', data))
    expect(failures).toEqual([])
    expect(tables.map(({ table }: { table: string }) => table)).toContain('gold_crypto_trades')
    const after = await compareTables(data)
    expect(after.gold_crypto_trades).toBeLessThan(before.gold_crypto_trades)
    expect(await output('maintain', '--data', data)).toBe('There was nothing to do.\n')
    expect(await output('audit', '--data', data)).toContain('All six laws hold')
  })
})
