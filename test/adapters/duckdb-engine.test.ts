import { afterAll, beforeAll, expect, test } from 'vitest'
import { type DuckDbEngine, duckDbEngine } from '../../adapters/duckdb-engine.ts'
import { systemScratch } from '../../adapters/system.ts'
import { TradelakeError } from '../../domain/errors.ts'

let engine: DuckDbEngine
beforeAll(async () => {
  engine = await duckDbEngine({ threads: 2, memoryLimit: '300MB', tempDirectory: systemScratch().path('duckdb') })
})
afterAll(() => engine.close())

test('values come exact', async () => {
  const [row] = await engine.run([
    `SELECT 9223372036854775807::BIGINT AS long, (2::HUGEINT << 100) AS huge, 7::INTEGER AS int, 1.5::DOUBLE AS double,
       true AS yes, NULL AS nothing, 'text' AS text, '\\x00\\xFF'::BLOB AS bytes,
       123456789.00000001::DECIMAL(18,8) AS price, -0.00000001::DECIMAL(38,16) AS volume,
       DATE '2026-11-20' AS day, TIMESTAMPTZ '2026-11-20 12:00:00.000001+02' AS moment,
       TIMESTAMP '2026-11-20 12:00:00' AS local, ['a', 'b'] AS list, MAP {'k': 'v'} AS map,
       {'n': 9007199254740993::BIGINT} AS struct`,
  ])
  expect(row).toEqual({
    long: 9223372036854775807n,
    huge: 2n << 100n,
    int: 7,
    double: 1.5,
    yes: true,
    nothing: null,
    text: 'text',
    bytes: Buffer.from([0, 255]),
    price: '123456789.00000001',
    volume: '-0.0000000100000000',
    day: '2026-11-20',
    moment: '2026-11-20 10:00:00.000001+00',
    local: '2026-11-20 12:00:00',
    list: '["a","b"]',
    map: '{"k":"v"}',
    struct: '{"n":"9007199254740993"}',
  })
})

test('many rows come in order, over several chunks', async () => {
  const rows = await engine.run(['SELECT range AS n FROM range(10000) ORDER BY n DESC'])
  expect(rows).toHaveLength(10_000)
  expect(rows[9_999]).toEqual({ n: 0n })
})

test('a stream gives all rows, and may be left early', async () => {
  const session = await engine.session()
  let rows = 0
  let sum = 0n
  for await (const some of session.stream('SELECT range AS n FROM range(1000000)')) {
    rows += some.length
    for (const { n } of some) sum += n as bigint
    expect(some.length).toBeLessThan(10_000)
  }
  expect([rows, sum]).toEqual([1_000_000, 499_999_500_000n])
  for await (const some of session.stream('SELECT range AS n FROM range(1000000)')) if (some.length > 0) break
  expect(await session.run('SELECT 1 AS x')).toEqual([{ x: 1 }])
  expect(await Array.fromAsync(session.stream('SELECT 1 AS x WHERE false'))).toEqual([])
  await expect(Array.fromAsync(session.stream('SELECT * FROM nowhere'))).rejects.toThrow(TradelakeError)
  session.close()
})

test('a call keeps its temporary tables to itself, a session keeps them between calls', async () => {
  expect(await engine.run(['CREATE TEMP TABLE t AS SELECT 1 AS x', 'SELECT * FROM t'])).toEqual([{ x: 1 }])
  await expect(engine.run(['SELECT * FROM t'])).rejects.toThrow(TradelakeError)
  const session = await engine.session()
  await session.run('CREATE TEMP TABLE t AS SELECT 2 AS x')
  expect(await session.run('SELECT * FROM t')).toEqual([{ x: 2 }])
  await expect(engine.run(['SELECT * FROM t'])).rejects.toThrow(TradelakeError)
  session.close()
  expect(await engine.run([])).toEqual([])
})

test('calls beside each other do not disturb each other', async () => {
  const answers = await Promise.all(
    Array.from({ length: 8 }, (_, i) => engine.run([`CREATE TEMP TABLE t AS SELECT ${i} AS x`, 'SELECT * FROM t'])),
  )
  expect(answers.map(([row]) => row.x)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
})

test('an error is one line', async () => {
  const error: unknown = await engine.run(['SELECT nothing\nFROM nowhere']).catch((thrown: unknown) => thrown)
  expect(error).toBeInstanceOf(TradelakeError)
  expect((error as Error).message).toMatch(/^DuckDB: .*nowhere/)
  expect((error as Error).message).not.toContain('\n')
})
