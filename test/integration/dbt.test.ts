/** A dbt project on the lake: its model reads Gold through the catalog, its rows are those of `tradelake sql`, and it says how old the tables are. */
import { execFile } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasPython } from '../../localstack/python.ts'
import { newFolder, output } from '../cli/support.ts'
import { drainLake, fragmentedLake, publishMarket, type TestLake } from '../embedded/support.ts'
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
  let lake: TestLake
  let data: string
  beforeAll(async () => {
    lake = await fragmentedLake()
    data = lake.directory
  })
  afterAll(() => lake?.remove())

  /** A folder with the project, and dbt in it: gives its exit status and what it printed. */
  async function project() {
    const folder = newFolder()
    cpSync(join(import.meta.dirname, 'dbt'), folder, { recursive: true })
    const python = await catalogPython()
    const env = { PATH: process.env.PATH, DUCKDB_EXTENSIONS: installExtensions(python, join(folder, 'extensions')) }
    const dbt = async (catalog: string, ...words: readonly string[]) => {
      const all = ['-c', 'from dbt.cli.main import cli; cli()', ...words, '--profiles-dir', folder]
      const ended = run(python, all, { cwd: folder, env: { ...env, CATALOG: catalog } })
      return ended.then(
        ({ stdout }) => ({ status: 0, stdout }),
        ({ code, stdout }) => ({ status: code as number, stdout: String(stdout) }),
      )
    }
    return { folder, python, dbt }
  }

  test('makes a model of Gold whose rows are those of SQL', async () => {
    const { folder, python, dbt } = await project()
    const served = await serveLake(data)
    try {
      const { stdout } = await dbt(served.catalog, 'run')
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

  test('finds tables of hours ago stale, of an hour ago late, and of ten minutes ago fresh', async () => {
    const { folder, dbt } = await project()
    const served = await serveLake(data)
    const freshness = async () => {
      const { status } = await dbt(served.catalog, 'source', 'freshness')
      const { results } = JSON.parse(readFileSync(join(folder, 'target/sources.json'), 'utf8'))
      return { status, ...Object.fromEntries(results.map(nameAndStatus)) }
    }
    try {
      expect(await freshness()).toEqual({ status: 1, ...all('error') })
      await publishMarket(lake, { market: 1, from: 0, to: 30, shift: -3_000_000_000n })
      await drainLake(lake)
      expect(await freshness()).toEqual({ status: 0, ...all('warn') })
      await publishMarket(lake, { market: 2, from: 0, to: 30 })
      await drainLake(lake)
      expect(await freshness()).toEqual({ status: 0, ...all('pass') })
    } finally {
      await served.close()
    }
  })

  test('has its sources on the page of the catalog', () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/catalog.md'), 'utf8')
    expect(page).toContain(readFileSync(join(import.meta.dirname, 'dbt/models/sources.yml'), 'utf8'))
  })
})

const SOURCES = [
  'silver_binance_trades',
  'silver_kraken_trades',
  'silver_coinbase_trades',
  'gold_crypto_trades',
  'gold_ohlcv_1m',
]
const all = (status: string) => Object.fromEntries(SOURCES.map(name => [name, status]))
const nameAndStatus = ({ unique_id, status }: { readonly unique_id: string; readonly status: string }) =>
  [String(unique_id.split('.').at(-1)), status] as const
