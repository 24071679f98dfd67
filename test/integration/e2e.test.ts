/**
 * End to end through the deployed stack: the CDK app on an emulator of AWS, a real broker and registry, the bridge in the
 * event source's place. Trades go in at Kafka and are asked for in the tables.
 */
import { execFile, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import {
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
} from '@aws-sdk/client-s3'
import { SQSClient } from '@aws-sdk/client-sqs'
import { Producer } from '@platformatic/kafka'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { awsClients } from '../../adapters/aws-clients.ts'
import { sqsEvents } from '../../adapters/sqs-events.ts'
import { systemClock } from '../../adapters/system.ts'
import { listCheckpoints } from '../../domain/checkpoint.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { consumers, topicName } from '../../domain/names.ts'
import { countPending } from '../../domain/pending.ts'
import { TRADE_SCHEMA } from '../../domain/trade.ts'
import { encodeTrade, TRADE_SCHEMA_ID } from '../../domain/wire.ts'
import { createMarket } from '../../feeds/market.ts'
import { auditLake } from '../../localstack/audit.ts'
import { drainDeployed } from '../../localstack/deployed-drain.ts'
import { type DeployedLake, openDeployedLake } from '../../localstack/deployed-lake.ts'
import { type LocalStack, startLocalStack } from '../../localstack/local-stack.ts'
import { hasJava } from '../../localstack/stack/maven.ts'
import { messagesOf } from '../../localstack/stack/messages.ts'
import { hasPython, pythonEnvironment } from '../../localstack/stack/python.ts'
import { registerSchema } from '../../localstack/stack/registry.ts'
import { createView, openTables } from '../../localstack/tables.ts'
import { tradeOf } from '../functions/support.ts'
import { silent } from '../localstack/support.ts'
import { READERS } from './python.ts'

const run = promisify(execFile)
const queueEvents = (queues: Record<string, string>) => sqsEvents(new SQSClient({}), queues)
const clock = systemClock()
const MINUTE_MS = 60_000

describe.skipIf(!hasJava() || !hasPython())('the deployed stack', { timeout: 4 * MINUTE_MS }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'tradelake-e2e-'))
  let stack: LocalStack
  let lake: DeployedLake
  let lambda: LambdaClient
  const begun = clock.now()
  let published = 0

  beforeAll(async () => {
    stack = await startLocalStack(folder, silent)
    Object.assign(process.env, stack.aws.clientEnv)
    lake = await openDeployedLake(stack.deployment.stack)
    lambda = new LambdaClient({})
  })
  afterAll(async () => {
    lake?.close()
    await stack?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  const newProducer = () =>
    new Producer<Buffer, Buffer, Buffer, Buffer>({
      clientId: 'e2e',
      bootstrapBrokers: [stack.kafka.bootstrap],
      idempotent: true,
    })

  /** Fifths of a second of a market, at once. */
  async function publish(market: number, ticks: number, ratePerSecond: number): Promise<void> {
    const producer = newProducer()
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
        const messages = messagesOf(topicName(exchange.name), tick(k))
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

  /** All that was published is in Bronze, and nothing is pending behind it. */
  async function settle(): Promise<void> {
    await until('every record in Bronze', async () => (await bronzeRows()) >= published, 3 * MINUTE_MS)
    await drainDeployed(lake)
  }

  async function bronzeRows(): Promise<number> {
    const items = await Promise.all(
      EXCHANGES.map(exchange => listCheckpoints(lake.ports.state, topicName(exchange.name))),
    )
    return items.flat().reduce((sum, { nextOffset }) => sum + nextOffset, 0)
  }

  const count = async (table: string) => Number((await rows(`SELECT count(*) AS n FROM ${table}`))[0].n)
  const brokenLaws = async () => (await auditLake(lake)).laws.flatMap(law => law.violations)

  async function publishValue(value: Buffer): Promise<void> {
    const producer = newProducer()
    await producer.send({ messages: [{ topic: topicName('binance'), partition: 0, value }], acks: -1 })
    await producer.close()
    published++
  }

  test('the registry’s first schema has the id that the messages carry', () => {
    expect(stack.schemaId).toBe(TRADE_SCHEMA_ID)
    expect(stack.deployment.mappings.map(mapping => mapping.topic).sort()).toEqual(
      EXCHANGES.map(({ name }) => topicName(name)).sort(),
    )
  })

  test('trades from Kafka become candles, by the schedules alone, and every law holds', async () => {
    await publish(0, 50, 100)
    await until('a first candle', async () => (await count('gold_ohlcv_1m')) > 0, 3 * MINUTE_MS)
    console.log(`from no stack to the first candle: ${((clock.now() - begun) / 1000).toFixed(0)} s`)
    await settle()
    expect(await brokenLaws()).toEqual([])
    expect(await count('gold_crypto_trades')).toBeGreaterThan(published * 0.9)
  })

  test('PyIceberg reads through Glue what the catalog says', async () => {
    const python = await pythonEnvironment(READERS)
    const { stdout } = await run(
      python,
      [join(import.meta.dirname, 'check_glue.py'), lake.output('GlueDatabase'), ...GLUE_TABLES],
      { env: { ...stack.aws.clientEnv, PATH: process.env.PATH } },
    )
    const expected = Object.fromEntries(
      await Promise.all(GLUE_TABLES.map(async table => [table, await count(table)] as const)),
    )
    expect(JSON.parse(stdout)).toEqual(expected)
  })

  test('a poison message is a dead letter, and drags nothing along', async () => {
    const before = await count('silver_dlq_trades')
    await publishValue(Buffer.from('no trade at all'))
    await publish(1, 10, 50)
    await settle()
    expect(await count('silver_dlq_trades')).toBeGreaterThan(before)
    expect(
      await rows(`SELECT count(*) AS n FROM silver_dlq_trades WHERE raw_record = 'no trade at all'::BLOB`),
    ).toEqual([{ n: 1n }])
    expect(await brokenLaws()).toEqual([])
  })

  test('a broker that is killed and comes back loses nothing', async () => {
    await publish(2, 20, 100)
    await stack.kafka.broker.kill()
    await clock.sleep(3_000)
    await stack.kafka.restart()
    await publish(3, 10, 100)
    await settle()
    expect(await brokenLaws()).toEqual([])
  })

  test('functions that are killed in the middle lose and double nothing', async () => {
    const publishing = publish(4, 60, 200)
    for (let i = 0; i < 8; i++) {
      await clock.sleep(700)
      killChildren(stack.aws.pid)
    }
    await publishing
    await settle()
    expect(await brokenLaws()).toEqual([])
  })

  test('an event of an object that comes twice, and one that never comes, change nothing', async () => {
    const s3 = awsClients().s3
    const Bucket = lake.output('Bucket')
    const { $metadata, ...NotificationConfiguration } = await s3.send(
      new GetBucketNotificationConfigurationCommand({ Bucket }),
    )
    expect($metadata.httpStatusCode).toBe(200)
    await s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration: {} }))
    await publish(5, 10, 100)
    await until('every record in Bronze', async () => (await bronzeRows()) >= published, 2 * MINUTE_MS)
    await s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }))
    // Those that Silver has long taken, again.
    const queue = queueEvents({ binance: lake.output('BinanceSilverQueue') })
    const [done] = await lake.ports.state.query('state', 'done#silver_binance', { limit: 1 })
    await queue.send('binance', [
      { key: done.key.sort, bytes: 1 },
      { key: done.key.sort, bytes: 1 },
    ])
    await settle()
    expect(await brokenLaws()).toEqual([])
  })

  test('two Golds at once make no duplicate', async () => {
    await publish(6, 30, 200)
    await until('every record in Bronze', async () => (await bronzeRows()) >= published, 2 * MINUTE_MS)
    const gold = lake.output('GoldFunction')
    await Promise.all(
      [1, 2, 3].map(() => lambda.send(new InvokeCommand({ FunctionName: gold, Payload: Buffer.from('{}') }))),
    )
    await settle()
    expect(await brokenLaws()).toEqual([])
  })

  test('a registry that is away for a while delays trades of a new schema, and turns none into a dead letter', async () => {
    const id = await registerSchema(stack.registry.url, 'market.crypto.trades-value', {
      ...TRADE_SCHEMA,
      doc: 'as before',
    })
    expect(id).not.toBe(TRADE_SCHEMA_ID)
    await stack.registry.stop()
    const before = await count('silver_dlq_trades')
    const silver = await count('silver_binance_trades')
    await publishValue(Buffer.from(encodeTrade(tradeOf(900_001, { timestamp: BigInt(clock.now()) * 1000n }), id)))
    await until('every record in Bronze', async () => (await bronzeRows()) >= published, 2 * MINUTE_MS)
    await clock.sleep(15_000)
    expect(await countPending(lake.ports.state, consumers.silver('binance'))).toMatchObject({ items: 1 })
    await stack.restartRegistry()
    // It forgot everything, as one in memory does.
    await registerSchema(stack.registry.url, 'market.crypto.trades-value', TRADE_SCHEMA)
    await registerSchema(stack.registry.url, 'market.crypto.trades-value', { ...TRADE_SCHEMA, doc: 'as before' })
    await settle()
    expect(await count('silver_dlq_trades')).toBe(before)
    expect(await count('silver_binance_trades')).toBe(silver + 1)
    expect(await brokenLaws()).toEqual([])
  })
})

const GLUE_TABLES = [
  'bronze_kraken_trades',
  'silver_kraken_trades',
  'gold_crypto_trades',
  'gold_ohlcv_1m',
  'gold_ohlcv_1d',
]

/** Kills the processes that a process started, and lets it live. */
function killChildren(pid: number): void {
  const { stdout } = spawnSync('ps', ['--ppid', String(pid), '-o', 'pid='])
  for (const child of stdout.toString().trim().split(/\s+/).filter(Boolean)) {
    try {
      process.kill(Number(child), 'SIGKILL')
    } catch (error) {
      // It has ended by itself.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}
