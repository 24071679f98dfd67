/**
 * End to end through the deployed stack: the CDK app on an emulator of AWS, a real broker and registry, the bridge in the
 * event source's place. Trades go in at Kafka and are asked for in the tables.
 * Over 250 lines: one deployed stack is started for all of it.
 */
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda'
import {
  GetBucketNotificationConfigurationCommand,
  PutBucketNotificationConfigurationCommand,
} from '@aws-sdk/client-s3'
import { SQSClient } from '@aws-sdk/client-sqs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { awsClients } from '../../adapters/aws-clients.ts'
import { registerSchema, registerTradeSchemas } from '../../adapters/schema-registration.ts'
import { sqsEvents } from '../../adapters/sqs-events.ts'
import { systemClock, systemTimers } from '../../adapters/system.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import { leaseHeld } from '../../domain/lease.ts'
import { consumers, dataPrefix } from '../../domain/names.ts'
import { countPending } from '../../domain/pending.ts'
import type { ObjectInfo } from '../../domain/ports.ts'
import { recordStreams } from '../../domain/streams.ts'
import { bronzeTable } from '../../domain/tables.ts'
import { TRADE_SCHEMA } from '../../domain/trade.ts'
import { BUNDLED_IDS, encodeTrade } from '../../domain/wire.ts'
import { VENUES } from '../../feeds/exchanges/venues.ts'
import { startService } from '../../feeds/service.ts'
import { isSimulated, MARKETS } from '../../feeds/simulator/instruments.ts'
import { startServer } from '../../feeds/simulator/server.ts'
import { createSimulator } from '../../feeds/simulator/simulator.ts'
import { hasJava } from '../../localstack/maven.ts'
import { hasPython } from '../../localstack/python.ts'
import { verifyDeployed } from '../../operations/verify.ts'
import { openTables } from '../../tables/views.ts'
import { tradeOf } from '../functions/support.ts'
import { SILENT } from '../silent-log.ts'
import { type Deployed, killChildren, startDeployed } from './deployed.ts'
import { checkGlue, DESTRUCTIONS, GLUE_TABLES } from './destructions.ts'
import { digestRows, textsQuery } from './digest.ts'
import { readWithJava } from './java.ts'
import { asWritten } from './shell.ts'

const run = promisify(execFile)
const queueEvents = (queues: Record<string, string>) => sqsEvents(new SQSClient({}), queues)
const clock = systemClock()
const RUNBOOK = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'runbook.md'), 'utf8')
const COMMANDS = [...RUNBOOK.matchAll(/`((?:aws|tradelake) [^`]+)`/g)].map(([, command]) => command)
const MINUTE_MS = 60_000
const CLI = fileURLToPath(new URL('../../bin/tradelake.js', import.meta.url))

describe.skipIf(!hasJava() || !hasPython())('the deployed stack', () => {
  let deployed: Deployed
  let lambda: LambdaClient
  const begun = clock.now()

  beforeAll(async () => {
    // Production's: what of it stays is asked for in the end.
    deployed = await startDeployed(SILENT, { stage: 'prod' })
    lambda = new LambdaClient({})
  })
  afterAll(() => deployed?.stop())
  // The documentation names the stack of the first steps.
  const shell = (command: string) =>
    asWritten(
      command.replaceAll('tradelake-dev', deployed.stack.deployment.stack),
      deployed.folder,
      deployed.stack.aws.clientEnv,
    )

  test('the registry’s first schema has the id that the messages carry', () => {
    expect(deployed.stack.schemaIds).toEqual(BUNDLED_IDS)
    expect(deployed.stack.deployment.mappings.map(mapping => mapping.topic).sort()).toEqual(
      recordStreams()
        .map(({ topic }) => topic)
        .sort(),
    )
  })

  test('trades from Kafka become candles, by the schedules alone, and every law holds', async () => {
    await deployed.publish(0, 50, 100)
    await deployed.until('a first candle', async () => (await deployed.count('gold_ohlcv_1m')) > 0, 3 * MINUTE_MS)
    console.log(`from no stack to the first candle: ${((clock.now() - begun) / 1000).toFixed(0)} s`)
    await deployed.settle()
    expect(await deployed.brokenLaws()).toEqual([])
    expect(await deployed.count('gold_crypto_trades')).toBeGreaterThan(deployed.published() * 0.9)
  })

  test('PyIceberg reads through Glue what the catalog says', () => checkGlue(deployed))

  test('Iceberg’s Java library reads the tables in the bucket as tradelake sql does', async () => {
    const wanted = new Set(GLUE_TABLES)
    const tables = (await openTables(deployed.lake)).filter(({ definition }) => wanted.has(definition.name))
    const requests = tables.map(({ definition, loaded }) => ({
      table: definition.name,
      metadata_location: loaded?.metadataLocation ?? '',
    }))
    const answers = await readWithJava(requests, deployed.folder, deployed.stack.aws.endpoint)
    expect(answers).toHaveLength(GLUE_TABLES.length)
    for (const [i, { definition }] of tables.entries()) {
      const rows = await deployed.rows(textsQuery(definition, definition.name))
      expect(rows.length, definition.name).toBeGreaterThan(0)
      expect(answers[i], definition.name).toMatchObject({ table: definition.name, ...digestRows(definition, rows) })
    }
  })

  test('a broken message is a dead letter, and does no other harm', async () => {
    const before = await deployed.count('silver_dlq_trades')
    await deployed.publishValue(Buffer.from('no trade at all'))
    await deployed.publish(1, 10, 50)
    await deployed.settle()
    expect(await deployed.count('silver_dlq_trades')).toBeGreaterThan(before)
    expect(
      await deployed.rows(`SELECT count(*) AS n FROM silver_dlq_trades WHERE raw_record = 'no trade at all'::BLOB`),
    ).toEqual([{ n: 1n }])
    expect(await deployed.brokenLaws()).toEqual([])
  })

  test('a broker that is killed and comes back loses nothing', async () => {
    await deployed.publish(2, 20, 100)
    await deployed.stack.kafka.broker.kill()
    await clock.sleep(3_000)
    await deployed.stack.kafka.restart()
    await deployed.publish(3, 10, 100)
    await deployed.settle()
    expect(await deployed.brokenLaws()).toEqual([])
  })

  test('functions that are killed in the middle lose and double nothing', async () => {
    const publishing = deployed.publish(4, 60, 200)
    for (let i = 0; i < 8; i++) {
      await clock.sleep(700)
      killChildren(deployed.stack.aws.pid)
    }
    await publishing
    await deployed.settle()
    expect(await deployed.brokenLaws()).toEqual([])
  })

  test('an event of an object that comes twice, and one that never comes, change nothing', async () => {
    const s3 = awsClients().s3
    const Bucket = deployed.lake.output('Bucket')
    const { $metadata, ...NotificationConfiguration } = await s3.send(
      new GetBucketNotificationConfigurationCommand({ Bucket }),
    )
    expect($metadata.httpStatusCode).toBe(200)
    await s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration: {} }))
    await deployed.publish(5, 10, 100)
    await deployed.allInBronze()
    await s3.send(new PutBucketNotificationConfigurationCommand({ Bucket, NotificationConfiguration }))
    // Those that Silver has long taken, again.
    const queue = queueEvents({ binance: deployed.lake.output('BinanceSilverQueue') })
    const objects = deployed.lake.ports.store.list(dataPrefix(bronzeTable(EXCHANGES[0]).name))
    const { key } = (await objects[Symbol.asyncIterator]().next()).value as ObjectInfo
    await queue.send('binance', [
      { key, bytes: 1 },
      { key, bytes: 1 },
    ])
    await deployed.settle()
    expect(await deployed.brokenLaws()).toEqual([])
  })

  test('two Golds at once make no duplicate', async () => {
    await deployed.publish(6, 30, 200)
    await deployed.allInBronze()
    const gold = deployed.lake.output('GoldFunction')
    await Promise.all(
      [1, 2, 3].map(() => lambda.send(new InvokeCommand({ FunctionName: gold, Payload: Buffer.from('{}') }))),
    )
    await deployed.settle()
    expect(await deployed.brokenLaws()).toEqual([])
  })

  test('feeds write to Kafka what simulated exchanges trade, and what they missed becomes a table too', async () => {
    const startMicros = BigInt(clock.now() + 6_000) * 1000n
    const simulator = createSimulator({
      ...{ seed: 5, ratePerSecond: 300, market: 77, startMicros, timers: systemTimers(), exchanges: EXCHANGES },
      faults: EXCHANGES.map(({ name }) => ({ exchange: name, at: clock.now() + 14_000, kind: 'drop' as const })),
    })
    const server = await startServer({ exchanges: simulator.exchanges, port: 0 })
    const symbols = (name: string) =>
      (isSimulated(name) ? MARKETS[name].instruments : []).slice(0, 2).map(({ symbol }) => symbol)
    const feeds = await Promise.all(
      EXCHANGES.map(exchange =>
        startService({
          exchange,
          venue: {
            ...VENUES[exchange.name],
            urls: [server.address('ws', exchange.name)],
            restUrls: [server.address('http', exchange.name)],
          },
          symbols: symbols(exchange.name),
          stream: 'trade',
          kafka: { bootstrapBrokers: [deployed.stack.kafka.bootstrap] },
          waitMs: 0,
          registry: deployed.stack.registry.url,
          schemaIds: undefined,
          endpoint: undefined,
          spill: deployed.folder,
          memoryBytes: 1_000_000,
          spillBytes: 10_000_000,
          log: SILENT,
        }),
      ),
    )
    await clock.sleep(25_000)
    simulator.endTrading()
    await clock.sleep(1_000)
    await Promise.all(feeds.map(feed => feed.stop(20_000)))
    const expected = simulator.exchanges.flatMap(exchange => {
      const wanted = new Set(symbols(exchange.name))
      return exchange.trades().obtainable.filter(({ symbol }) => wanted.has(symbol))
    })
    await server.close()
    simulator.stop()

    const ids = new Set(expected.map(({ messageId }) => messageId))
    await deployed.settle()
    const gold = await deployed.rows('SELECT DISTINCT message_id FROM gold_crypto_trades')
    const inGold = new Set(gold.map(row => String(row.message_id)))
    expect([...ids].filter(id => !inGold.has(id)).slice(0, 3)).toEqual([])
    expect(ids.size).toBeGreaterThan(2_000)
    const reports = await deployed.rows('SELECT DISTINCT exchange, kind, status FROM feed_gaps ORDER BY ALL')
    for (const { name } of EXCHANGES)
      expect(reports).toContainEqual({ exchange: name, kind: 'disconnect', status: 'checked' })
    expect(reports.filter(({ status }) => status === 'lost')).toEqual([])
    expect(await deployed.brokenLaws()).toEqual([])
  })

  test('every command of the runbook runs as it is written', async () => {
    const commands = new Set(COMMANDS.filter(command => command.startsWith('tradelake ')))
    const here = [...commands].filter(command => command.includes('--stack tradelake-dev'))
    // The one for a lake in a folder.
    expect([...commands].filter(command => !here.includes(command))).toEqual(['tradelake audit --repair'])
    expect(new Set(here.map(command => command.split(' ')[1]))).toEqual(
      new Set(['status', 'verify', 'audit', 'sql', 'redrive', 'rebuild', 'drain', 'tables', 'maintain', 'restore']),
    )
    for (const command of here.filter(each => !/--repair|-before/.test(each))) {
      const { status, text } = await shell(command)
      if (command.startsWith('tradelake verify')) {
        // On the emulator the bridge polls Kafka: no event source ever says that it processed anything.
        const waiting = text.split('\n').filter(line => line.startsWith('waiting'))
        expect(waiting.filter(line => !line.includes('event source of'))).toEqual([])
      } else expect(status, `${command}\n${text}`).toBe(0)
    }
  })

  test('and so does every one of AWS’s own command line', async () => {
    const words: Record<string, string> = {
      UUID: deployed.lake.output('BinanceBronzeMapping'),
      URL: deployed.lake.output('BinanceSilverQueue'),
      BUCKET: deployed.lake.output('Bucket'),
    }
    // A file of a user's table, which one of them looks for.
    await deployed.lake.ports.store.put(
      'user_tables/research/t-1/metadata/00000-x.metadata.json',
      new Uint8Array([123, 125]),
    )
    const commands = COMMANDS.filter(command => command.startsWith('aws ') && !command.includes('-before'))
    const brokers = commands.filter(command => command.startsWith('aws kafka '))
    const others = commands.filter(command => !brokers.includes(command))
    expect(others.length).toBeGreaterThan(6)
    for (const command of [...others, others.find(each => each.includes(' --enabled ')) ?? 'false']) {
      const { status, text } = await shell(command.replaceAll(/\b(?:UUID|URL|BUCKET)\b/g, word => words[word]))
      expect(status, `${command}\n${text}`).toBe(0)
    }
    // The emulator has no provisioned brokers: what it answers was taken by the command line's own model of the service.
    const arn = `arn:aws:kafka:${deployed.stack.aws.region}:000000000000:cluster/none/00000000-0000-4000-8000-000000000000-1`
    expect(brokers.length).toBeGreaterThan(4)
    for (const command of brokers) {
      const { text } = await shell(command.replaceAll('CLUSTER', arn))
      expect(text, command).toMatch(/^\s*An error occurred \(\w+\) when calling the \w+ operation/)
    }
  })

  test('a repair beside a market mends what was lost, while the functions pause and then go on', async () => {
    await deployed.settle()
    const candles = (await openTables(deployed.lake)).find(({ definition }) => definition.name === 'gold_ohlcv_5m')
    await deployed.lake.ports.store.delete(candles?.files.map(({ key }) => key) ?? [])
    expect((await shell('tradelake audit --stack tradelake-dev')).status).toBe(1)
    const repair = shell('tradelake audit --repair --stack tradelake-dev')
    const paused = async () => (await leaseHeld(deployed.lake.ports, 'lake')) !== undefined
    await deployed.until('a pause', paused, MINUTE_MS)
    const before = await deployed.bronzeRows()
    await deployed.publish(7, 20, 100)
    expect((await shell('tradelake status --stack tradelake-dev')).text).toMatch(/^PAUSED: tradelake audit --repair/)
    // What began before the pause may still come, for seconds; what was published since does not.
    await clock.sleep(20_000)
    expect(await deployed.bronzeRows()).toBe(before)
    const { status, text } = await repair
    expect(status, text).toBe(0)
    expect(text).toMatch(/All six laws hold/)
    await deployed.settle()
    expect(await deployed.bronzeRows()).toBeGreaterThan(before)
    expect(await deployed.brokenLaws()).toEqual([])
  })

  test('a backup is restored by the commands of the runbook, and what was committed since is not lost', async () => {
    const words: Record<string, string> = {
      STATE: deployed.lake.output('StateTable'),
      CATALOG: deployed.lake.output('CatalogTable'),
    }
    const commands = COMMANDS.filter(command => command.includes('-before')).map(command =>
      command.replaceAll(/\b(?:STATE|CATALOG)\b/g, word => words[word]),
    )
    const restoring = commands.findIndex(command => command.startsWith('tradelake restore'))
    expect([commands.length, restoring]).toEqual([7, 4])
    for (const command of commands.slice(0, restoring)) expect(await shell(command)).toMatchObject({ status: 0 })
    await deployed.publish(9, 20, 200)
    await deployed.settle()
    const gold = await deployed.count('gold_crypto_trades')
    const { status, text } = await shell(commands[restoring])
    expect(status, text).toBe(0)
    expect(text).toMatch(/items were put into the state table, \d+ that the backup lacks were removed/)
    expect(text).toMatch(/items were put into the catalog table, 0 that the backup lacks were removed/)
    expect(text).toMatch(/All six laws hold/)
    for (const command of commands.slice(restoring + 1)) expect(await shell(command)).toMatchObject({ status: 0 })
    expect(await deployed.count('gold_crypto_trades')).toBe(gold)
    await deployed.publish(10, 20, 200)
    await deployed.settle()
    expect(await deployed.count('gold_crypto_trades')).toBeGreaterThan(gold)
    expect(await deployed.brokenLaws()).toEqual([])
  })

  test('a registry that is away for a while delays trades of a new schema, and turns none into a dead letter', async () => {
    const id = await registerSchema(deployed.stack.registry.url, 'market.crypto.trades-value', {
      ...TRADE_SCHEMA,
      doc: 'as before',
    })
    expect(id).not.toBe(BUNDLED_IDS.trade)
    await deployed.stack.registry.stop()
    const before = await deployed.count('silver_dlq_trades')
    const silver = await deployed.count('silver_binance_trades')
    await deployed.publishValue(
      Buffer.from(
        encodeTrade(tradeOf(900_001, { timestamp: BigInt(clock.now()) * 1000n }), { ...BUNDLED_IDS, trade: id }),
      ),
    )
    await deployed.allInBronze()
    await clock.sleep(15_000)
    expect(await countPending(deployed.lake.ports.state, consumers.silver('binance'))).toMatchObject({ items: 1 })
    await deployed.stack.restartRegistry()
    // It forgot everything, as one in memory does.
    await registerTradeSchemas(deployed.stack.registry.url)
    await registerSchema(deployed.stack.registry.url, 'market.crypto.trades-value', {
      ...TRADE_SCHEMA,
      doc: 'as before',
    })
    await deployed.settle()
    expect(await deployed.count('silver_dlq_trades')).toBe(before)
    expect(await deployed.count('silver_binance_trades')).toBe(silver + 1)
    expect(await deployed.brokenLaws()).toEqual([])
  })

  test('verify says that all of it works', async () => {
    const { stack } = deployed.stack.deployment
    const { stdout } = await run(process.execPath, [
      CLI,
      ...`verify --stack ${stack} --expect none --wait 0s`.split(' '),
    ])
    // The emulator's mappings read no Kafka, and say so.
    expect(stdout.split('\n').filter(line => line !== '')).toEqual([
      ...recordStreams().map(
        ({ topic }) => `ready    event source of ${topic}: Enabled: No records processed: USER_INITIATED`,
      ),
      `${stack} works: every topic is read.`,
    ])
    const worked = { status: async () => ({ state: 'Enabled', reason: '', result: 'OK' }) }
    const all = await verifyDeployed(deployed.lake, worked, { expected: EXCHANGES, waitMs: 0 })
    expect(all.filter(({ ready }) => !ready)).toEqual([])
  })

  test.each(DESTRUCTIONS)('%s', (_, check) => check(deployed))
})
