/** A dbt project on the lake: its model reads Gold through the catalog, and its rows are those of `tradelake sql`. */
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, rmSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasPython } from '../../localstack/python.ts'
import { newFolder, output } from '../cli/support.ts'
import { fragmentedLake } from '../embedded/support.ts'
import { catalogPython } from './python.ts'
import { serveLake } from './served.ts'

const run = promisify(execFile)
const COLUMNS =
  'exchange, symbol, trades::INTEGER AS trades, quantity::VARCHAR AS quantity, lowest::VARCHAR AS lowest, highest::VARCHAR AS highest'
const SAME = `SELECT ${COLUMNS} FROM (SELECT exchange, symbol, count(*) AS trades, sum(quantity) AS quantity, min(price) AS lowest,
  max(price) AS highest FROM gold_crypto_trades GROUP BY ALL) ORDER BY ALL`

/** What DuckDB's INSTALL would download, from the packages that hold the same. */
function installExtensions(python: string, folder: string): string {
  const [lib] = readdirSync(join(dirname(python), '..', 'lib'))
  const packages = join(dirname(python), '..', 'lib', lib, 'site-packages')
  const platform = `linux_${process.arch === 'arm64' ? 'arm64' : 'amd64'}`
  for (const name of ['avro', 'httpfs', 'iceberg']) {
    const versions = join(packages, `duckdb_extension_${name}`, 'extensions')
    for (const version of readdirSync(versions).filter(each => each.startsWith('v'))) {
      const file = `${name}.duckdb_extension`
      mkdirSync(join(folder, version, platform), { recursive: true })
      symlinkSync(join(versions, version, file), join(folder, version, platform, file))
    }
  }
  return folder
}

describe.skipIf(!hasPython() || process.platform !== 'linux')('dbt', () => {
  let data: string
  beforeAll(async () => {
    const lake = await fragmentedLake()
    data = lake.directory
    lake.close()
  })
  afterAll(() => rmSync(join(data, '..'), { recursive: true }))

  test('makes a model of Gold whose rows are those of SQL', async () => {
    const folder = newFolder()
    cpSync(join(import.meta.dirname, 'dbt'), folder, { recursive: true })
    const python = await catalogPython()
    const env = { PATH: process.env.PATH, DUCKDB_EXTENSIONS: installExtensions(python, join(folder, 'extensions')) }
    const served = await serveLake(data)
    try {
      const dbt = ['-c', 'from dbt.cli.main import cli; cli()', 'run', '--profiles-dir', folder]
      const { stdout } = await run(python, dbt, { cwd: folder, env: { ...env, CATALOG: served.catalog } })
      expect(stdout).toMatch(/Completed successfully/)
    } finally {
      await served.close()
    }
    const read = `import duckdb, json, sys
rows = duckdb.connect(sys.argv[1]).sql("SELECT ${COLUMNS} FROM volumes ORDER BY ALL")
print(json.dumps([dict(zip(rows.columns, row)) for row in rows.fetchall()]))`
    const { stdout } = await run(python, ['-c', read, join(folder, 'volumes.duckdb')])
    const rows = JSON.parse(stdout)
    expect(rows.length).toBeGreaterThan(10)
    expect(rows).toEqual(JSON.parse(await output('sql', SAME, '--format', 'json', '--data', data)))
  })
})
