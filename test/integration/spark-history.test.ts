/** The way onto a larger engine: Spark makes Gold and its candles again from the pipeline's Silver, through the lake's own catalog. */
import { execFile } from 'node:child_process'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hasJava } from '../../localstack/maven.ts'
import { hasPython } from '../../localstack/python.ts'
import { fragmentedLake } from '../embedded/support.ts'
import { type Served, serveLake } from './served.ts'
import { sparkJars, sparkPython } from './spark.ts'

const run = promisify(execFile)
const HERE = import.meta.dirname

describe.skipIf(!hasPython() || !hasJava())('history by Spark', () => {
  let directory: string
  let served: Served
  beforeAll(async () => {
    const lake = await fragmentedLake()
    directory = lake.directory
    lake.close()
    served = await serveLake(directory)
  })
  afterAll(async () => {
    await served?.close()
    if (directory) rmSync(join(directory, '..'), { recursive: true })
  })

  test('has the rows of Gold, each trade once, and its candles, to the last digit', async () => {
    const script = [join(HERE, 'check_spark_history.py'), await sparkJars(), served.catalog]
    const { stdout } = await run(await sparkPython(), script)
    const { silver, gold, candles, halves } = JSON.parse(stdout) as {
      readonly silver: number
      readonly gold: readonly [rows: number, missing: number, more: number]
      readonly candles: readonly [rows: number, missing: number, more: number]
      readonly halves: readonly [number, number]
    }
    const [trades, ...differences] = gold
    expect(differences).toEqual([0, 0])
    // There were repeats to leave out.
    expect(silver).toBeGreaterThan(trades)
    expect(candles[0]).toBeGreaterThan(10)
    expect(candles.slice(1)).toEqual([0, 0])
    expect(halves[0] + halves[1]).toBe(trades)
    expect(Math.min(...halves)).toBeGreaterThan(0)
  })
})
