/** Engines and libraries of others, attached to a lake by its catalog: each reads the pipeline's tables and writes its own. */
import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasJava } from '../../localstack/maven.ts'
import { hasPython, pythonEnvironment } from '../../localstack/python.ts'
import { output } from '../cli/support.ts'
import { fragmentedLake } from '../embedded/support.ts'
import { type Served, serveLake } from './served.ts'
import { sparkJars, sparkPython } from './spark.ts'

const run = promisify(execFile)
const HERE = import.meta.dirname
const MAX_OUTPUT = 64 * 1024 * 1024
const REFUSAL = /market_data is written by the pipeline alone/

interface Answer {
  readonly read: {
    readonly rows: number
    readonly quantity: string
    readonly first: number
    readonly symbol: [string, number]
  }
  readonly written: Readonly<Record<string, unknown>>
  readonly refusal?: string | null
  readonly candles?: Readonly<Record<string, readonly [number, number, number]>>
}

describe.skipIf(!hasPython())('a lake’s catalog', () => {
  let directory: string
  let served: Served
  /** What `tradelake sql` finds. */
  let trades: { readonly rows: number; readonly quantity: string; readonly symbols: ReadonlyMap<string, number> }

  beforeAll(async () => {
    const lake = await fragmentedLake()
    directory = lake.directory
    lake.close()
    served = await serveLake(directory)
    const sql = async (query: string) => JSON.parse(await output('sql', query, '--format', 'json', '--data', directory))
    const [{ rows, quantity }] = await sql(
      "SELECT count(*)::INTEGER AS rows, rtrim(sum(quantity)::VARCHAR, '0') AS quantity FROM gold_crypto_trades",
    )
    const counted = await sql('SELECT symbol, count(*)::INTEGER AS n FROM gold_crypto_trades GROUP BY symbol')
    trades = {
      rows,
      quantity,
      symbols: new Map(counted.map(({ symbol, n }: { symbol: string; n: number }) => [symbol, n])),
    }
  })
  afterAll(async () => {
    await served?.close()
    if (directory) rmSync(join(directory, '..'), { recursive: true })
  })

  async function ask(client: string): Promise<Answer> {
    const python = await pythonEnvironment(join(HERE, 'catalog-requirements.txt'))
    const { stdout } = await run(python, [join(HERE, 'check_catalog.py'), client, served.catalog], {
      maxBuffer: MAX_OUTPUT,
    })
    return JSON.parse(stdout)
  }

  /** What every client has to find, whichever symbol it asked for. */
  function expectRead({ rows, quantity, first, symbol: [symbol, count] }: Answer['read']): void {
    expect({ rows, quantity }).toEqual({ rows: trades.rows, quantity: trades.quantity })
    expect(count).toBe(trades.symbols.get(symbol))
    expect(first).toBeGreaterThan(0)
    expect(first).toBeLessThan(rows)
  }

  test('PyIceberg reads, writes, evolves, tags, renames and purges', async () => {
    const { read, written, refusal } = await ask('pyiceberg')
    expectRead(read)
    expect(written).toEqual({
      ...{
        rows: [1, 1, 3, 3],
        columns: ['n', 'price', 'note'],
        price: '0.0000000004',
        tagged: 3,
        exact: true,
        tables: ['u'],
      },
    })
    expect(refusal).toMatch(REFUSAL)
  })

  test('DuckDB reads, creates from a query, inserts, deletes, updates and drops', async () => {
    const { read, written, refusal } = await ask('duckdb')
    expectRead(read)
    expect(written).toEqual({ rows: 1, two: '3', quantity: trades.quantity })
    expect(refusal).toMatch(REFUSAL)
  })

  test('Polars reads and appends', async () => {
    const { read, written } = await ask('polars')
    expectRead(read)
    expect(written).toEqual({ rows: [1, 1, 2, 2, 3, 3] })
  })

  test('Daft reads and appends', async () => {
    const { read, written } = await ask('daft')
    expectRead(read)
    expect(written).toEqual({ rows: [1, 2, 3] })
  })

  test.skipIf(!hasJava())(
    'Spark reads, writes, merges, evolves, makes views, and folds our candles to the last digit',
    async () => {
      const script = [join(HERE, 'check_catalog_spark.py'), await sparkJars(), served.catalog]
      const { stdout } = await run(await sparkPython(), script, { maxBuffer: MAX_OUTPUT })
      const { read, written, candles = {}, refusal } = JSON.parse(stdout) as Answer
      expectRead(read)
      expect(written).toEqual({
        ...{ counted: [expect.any(Number), trades.rows], kraken: 0, view: 11, views: ['v'], snapshots: 1 },
        new: [
          ['AB', 'a note', 5],
          ['CD', null, 6],
        ],
      })
      for (const [timeframe, [count, missing, more]] of Object.entries(candles)) {
        expect(count, timeframe).toBeGreaterThan(10)
        expect([missing, more], timeframe).toEqual([0, 0])
      }
      expect(Object.keys(candles)).toEqual(['1m', '1h'])
      expect(refusal).toMatch(REFUSAL)
    },
  )
})
