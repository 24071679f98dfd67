/**
 * End to end through the deployed stack: the CDK app on an emulator of AWS, a real broker and registry, the bridge in the
 * event source's place. Trades go in at Kafka and are asked for in the tables.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Producer } from '@platformatic/kafka'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { systemClock } from '../../adapters/system.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { topicName } from '../../domain/names.ts'
import { TRADE_SCHEMA_ID } from '../../domain/wire.ts'
import { createMarket } from '../../feeds/market.ts'
import { auditLake } from '../../localstack/audit.ts'
import { openDeployedLake } from '../../localstack/deployed-lake.ts'
import type { ReadableLake } from '../../localstack/lake.ts'
import { type LocalStack, startLocalStack } from '../../localstack/local-stack.ts'
import { hasJava } from '../../localstack/stack/maven.ts'
import { hasPython } from '../../localstack/stack/python.ts'
import { createView, openTables } from '../../localstack/tables.ts'
import { silent } from '../localstack/support.ts'

const clock = systemClock()
const MINUTE_MS = 60_000

describe.skipIf(!hasJava() || !hasPython())('the deployed stack', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tradelake-e2e-'))
  let stack: LocalStack
  let lake: ReadableLake
  const begun = clock.now()
  let published = 0

  beforeAll(async () => {
    stack = await startLocalStack(folder, silent)
    Object.assign(process.env, stack.aws.clientEnv)
    lake = await openDeployedLake(stack.deployment.stack)
  })
  afterAll(async () => {
    lake?.close()
    await stack?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Fifths of a second of a market, at once. */
  async function publish(market: number, ticks: number, ratePerSecond: number): Promise<void> {
    const producer = new Producer<Buffer, Buffer, Buffer, Buffer>({
      clientId: 'e2e',
      bootstrapBrokers: [stack.kafka.bootstrap],
      idempotent: true,
    })
    const startMicros = BigInt(clock.now() - 10 * MINUTE_MS) * 1000n
    for (const exchange of EXCHANGES) {
      const { tick } = createMarket({
        seed: 11,
        startMicros,
        ratePerSecond,
        exchange,
        partitions: exchange.partitions,
        market,
      })
      for (let k = 0; k < ticks; k++) {
        const messages = tick(k).map(({ partition, key, value, timestamp }) => ({
          topic: topicName(exchange.name),
          partition,
          timestamp: BigInt(timestamp),
          ...(key && { key: Buffer.from(key) }),
          ...(value && { value: Buffer.from(value) }),
        }))
        if (messages.length > 0) await producer.send({ messages, acks: -1 })
        published += messages.length
      }
    }
    await producer.close()
  }

  async function rows(query: string): Promise<Record<string, unknown>[]> {
    const session = await lake.ports.engine.session()
    try {
      for (const table of await openTables(lake))
        if (query.includes(table.definition.name)) await session.run(await createView(lake, table))
      return await session.run(query)
    } finally {
      session.close()
    }
  }

  async function until(what: string, condition: () => Promise<boolean>, withinMs: number): Promise<void> {
    const end = clock.now() + withinMs
    while (!(await condition())) {
      if (clock.now() > end) throw new Error(`${what} did not come to pass in ${withinMs / 1000} s`)
      await clock.sleep(1_000)
    }
  }

  const brokenLaws = async () => (await auditLake(lake)).laws.flatMap(law => law.violations)

  /** All that was published is in Bronze, and nothing is pending behind it. */
  async function settled(): Promise<boolean> {
    const bronze = EXCHANGES.map(({ name }) => `SELECT count(*) AS n FROM bronze_${name}_trades`).join(' UNION ALL ')
    const [{ total }] = await rows(`SELECT sum(n)::BIGINT AS total FROM (${bronze})`)
    if (Number(total) < published) return false
    const { laws } = await auditLake(lake)
    return laws[5].summary === 'nothing is pending'
  }

  test('the registry’s first schema has the id that the messages carry', () => {
    expect(stack.schemaId).toBe(TRADE_SCHEMA_ID)
    expect(stack.deployment.mappings.map(mapping => mapping.topic).sort()).toEqual(
      EXCHANGES.map(({ name }) => topicName(name)).sort(),
    )
  })

  test('trades from Kafka become candles, by the schedules alone, and every law holds', async () => {
    await publish(0, 50, 100)
    await until(
      'a first candle',
      async () => Number((await rows('SELECT count(*) AS n FROM gold_ohlcv_1m'))[0].n) > 0,
      3 * MINUTE_MS,
    )
    console.log(`from no stack to the first candle: ${((clock.now() - begun) / 1000).toFixed(0)} s`)
    await until('rest', settled, 4 * MINUTE_MS)
    expect(await brokenLaws()).toEqual([])
    const [{ n }] = await rows('SELECT count(*) AS n FROM gold_crypto_trades')
    expect(Number(n)).toBeGreaterThan(published * 0.9)
  }, 600_000)
})
