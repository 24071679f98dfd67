/** What becomes of a deployed lake whose stacks are destroyed: the cases of e2e.test.ts that come last. */
import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { LambdaClient, ListFunctionsCommand } from '@aws-sdk/client-lambda'
import { expect } from 'vitest'
import { recordStreams } from '../../domain/streams.ts'
import { openDeployedLake } from '../../operations/deployed-lake.ts'
import type { Deployed } from './deployed.ts'
import { readersPython } from './python.ts'

const run = promisify(execFile)

const BRONZE_ROWS = `SELECT ${recordStreams()
  .map(({ table }) => `(SELECT count(*) FROM ${table.name})`)
  .join(' + ')} AS n`

export const GLUE_TABLES = [
  'bronze_kraken_trades',
  'silver_kraken_trades',
  'gold_crypto_trades',
  'gold_ohlcv_1m',
  'gold_ohlcv_1d',
]

/** PyIceberg finds in Glue the tables that the catalog has. */
export async function checkGlue(deployed: Deployed): Promise<void> {
  const python = await readersPython()
  const { stdout } = await run(
    python,
    [join(import.meta.dirname, 'check_glue.py'), deployed.lake.output('GlueDatabase'), ...GLUE_TABLES],
    { env: { ...deployed.stack.aws.clientEnv, PATH: process.env.PATH } },
  )
  const expected = Object.fromEntries(
    await Promise.all(GLUE_TABLES.map(async table => [table, await deployed.count(table)] as const)),
  )
  expect(JSON.parse(stdout)).toEqual(expected)
}

export const DESTRUCTIONS: readonly (readonly [string, (deployed: Deployed) => Promise<void>])[] = [
  [
    'the functions’ stack, destroyed with work under way and deployed again, loses no row',
    async deployed => {
      const gold = await deployed.count('gold_crypto_trades')
      await deployed.publish(7, 20, 200)
      // In Bronze at least, and perhaps on its way to Silver.
      await deployed.allInBronze()
      await deployed.stack.stopBridges()
      await deployed.stack.deployment.destroyFunctions()
      const functions = await new LambdaClient({}).send(new ListFunctionsCommand({}))
      expect(
        functions.Functions?.map(({ FunctionName }) => FunctionName).filter(name =>
          /-(?:bronze|gold)/.test(name ?? ''),
        ),
      ).toEqual([])
      // Kafka goes on.
      await deployed.publish(8, 20, 200)
      await deployed.stack.deployment.deployAgain()
      deployed.stack.resume()
      await deployed.settle()
      expect(await deployed.count('gold_crypto_trades')).toBeGreaterThan(gold)
      expect(await deployed.bronzeRows()).toBe(Number((await deployed.rows(BRONZE_ROWS))[0].n))
      expect(await deployed.brokenLaws()).toEqual([])
    },
  ],
  [
    'both stacks, destroyed with work under way and deployed again over what stays in production, lose no row',
    async deployed => {
      const { lake, stack } = deployed
      const gold = await deployed.count('gold_crypto_trades')
      await deployed.publish(11, 20, 200)
      await deployed.allInBronze()
      await stack.stopBridges()
      await stack.deployment.destroyAll()
      await expect(openDeployedLake(stack.deployment.stack)).rejects.toThrow(/There is no stack/)
      await deployed.publish(12, 20, 200)
      await stack.deployment.takeUp(stack.deployment.outputs)
      await stack.deployment.deployAgain()
      const again = await openDeployedLake(stack.deployment.stack)
      for (const name of ['Bucket', 'StateTable', 'CatalogTable']) expect(again.output(name)).toBe(lake.output(name))
      again.close()
      stack.resume()
      await deployed.settle()
      expect(await deployed.count('gold_crypto_trades')).toBeGreaterThan(gold)
      expect(await deployed.bronzeRows()).toBe(Number((await deployed.rows(BRONZE_ROWS))[0].n))
      expect(await deployed.brokenLaws()).toEqual([])
      // The mirror is made again with the next commits.
      await checkGlue(deployed)
    },
  ],
]
