/**
 * How fresh the tables of the deployed stack are: a market of 500 trades a second goes into Kafka as it happens, the
 * deployment does the rest. Measured from each trade's receipt by the feed to what a reader sees.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Producer } from '@platformatic/kafka'
import { systemClock } from '../adapters/system.ts'
import { EXCHANGES } from '../domain/exchanges.ts'
import { topicName } from '../domain/names.ts'
import { readParquet } from '../domain/sql.ts'
import { GOLD_TABLE } from '../domain/tables.ts'
import { loadTable } from '../iceberg/catalog.ts'
import { planFiles } from '../iceberg/scan.ts'
import { COUNTED } from '../infra/cost/figures.ts'
import { monthlyCost, total } from '../infra/cost/model.ts'
import { partitionsFor } from '../infra/sizes.ts'
import { type LocalStack, startLocalStack } from '../localstack/local-stack.ts'
import { drainDeployed } from '../operations/deployed-drain.ts'
import { type DeployedLake, openDeployedLake } from '../operations/deployed-lake.ts'
import { createView, openTables } from '../tables/views.ts'
import { createMarket, TICK_MICROS } from '../test/records/market.ts'
import { messagesOf } from '../test/records/messages.ts'
import { SILENT } from '../test/silent-log.ts'
import { percentile, print, record } from './report.ts'

const RATE = 500
const SECONDS = 240
const TICK_MS = Number(TICK_MICROS) / 1000
const SILVER_COLUMNS = 'message_id, ingestion_timestamp, bronze_ingestion_timestamp, validation_timestamp'

const clock = systemClock()

/** What a table may take at most at p99 (docs/design: "Freshness and cost"), seconds. */
const ASKED = { Bronze: 3, Silver: 4, Gold: 12, 'candles 1m': 12 }

export async function benchFreshness(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tradelake-freshness-'))
  const begun = clock.now()
  const stack = await startLocalStack(folder, SILENT)
  try {
    Object.assign(process.env, stack.aws.clientEnv)
    const deployed = (clock.now() - begun) / 1000
    const lake = await openDeployedLake(stack.deployment.stack)
    const published = await publishLive(stack)
    await drainDeployed(lake)
    const delays = await delaysOf(lake)
    for (const [table, seconds] of Object.entries(delays))
      record({
        bench: 'freshness',
        table,
        rate: RATE,
        trades: seconds.length,
        p50: percentile(seconds, 0.5),
        p99: percentile(seconds, 0.99),
      })
    print(
      `Freshness on the local stack, ${RATE} trades/s for ${SECONDS} s (${published} messages); no stack to a deployed one in ${deployed.toFixed(0)} s`,
      ['table', 'p50 s', 'p99 s', 'max s', 'asked p99 s'],
      Object.entries(delays).map(([table, seconds]) => [
        table,
        percentile(seconds, 0.5).toFixed(1),
        percentile(seconds, 0.99).toFixed(1),
        percentile(seconds, 1).toFixed(1),
        `${ASKED[table as keyof typeof ASKED]}`,
      ]),
    )
    const costs = COUNTED.map(seconds => total(monthlyCost(RATE, seconds).lines).toFixed(0))
    print(
      `US dollars a month at ${RATE} trades/s without Kafka, by the context value freshness (npm run cost)`,
      COUNTED.map(seconds => `${seconds} s`),
      [costs],
    )
    lake.close()
  } finally {
    await stack.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Publishes each tick when it has happened, compressed as the feeds' are. */
async function publishLive(stack: LocalStack): Promise<number> {
  const producer = new Producer<Buffer, Buffer, Buffer, Buffer>({
    clientId: 'freshness',
    bootstrapBrokers: [stack.kafka.bootstrap],
    idempotent: true,
    compression: 'zstd',
  })
  const start = clock.now()
  const markets = EXCHANGES.map(exchange => ({
    topic: topicName(exchange.name),
    market: createMarket({
      seed: 5,
      startMicros: BigInt(start) * 1000n,
      ratePerSecond: RATE,
      exchange,
      partitions: partitionsFor(RATE),
    }),
  }))
  let published = 0
  for (let k = 0; k < (SECONDS * 1000) / TICK_MS; k++) {
    await clock.sleep(Math.max(0, start + (k + 1) * TICK_MS - clock.now()))
    const messages = markets.flatMap(({ topic, market }) => messagesOf(topic, market.tick(k)))
    if (messages.length > 0) await producer.send({ messages, acks: -1 })
    published += messages.length
  }
  await producer.close()
  return published
}

/**
 * Seconds from a trade's receipt to: the invocation of Bronze that stored it, that of Silver which decoded it, the snapshot of
 * Gold that first holds it, the next snapshot of the candles.
 */
async function delaysOf(lake: DeployedLake): Promise<Record<keyof typeof ASKED, number[]>> {
  const session = await lake.ports.engine.session()
  try {
    for (const table of await openTables(lake)) await session.run(await createView(lake, table))
    const silver = EXCHANGES.map(({ name }) => `SELECT ${SILVER_COLUMNS} FROM silver_${name}_trades`).join(
      ' UNION ALL ',
    )
    // A repeat was received long before it came again: the first of a trade is looked at.
    const first = `SELECT message_id, min(ingestion_timestamp) AS received, min(bronze_ingestion_timestamp) AS bronze,
      min(validation_timestamp) AS silver FROM (${silver}) GROUP BY 1`
    const early = await session.run(
      `SELECT epoch_us(bronze) - epoch_us(received) AS bronze, epoch_us(silver) - epoch_us(received) AS silver FROM (${first})`,
    )
    const seconds = (value: unknown) => Number(value as bigint) / 1e6
    const candles = (await loadTable(lake.ports, 'gold_ohlcv_1m')).metadata.snapshots.map(at => at['timestamp-ms'])
    const gold: number[] = []
    const candle: number[] = []
    const table = await loadTable(lake.ports, GOLD_TABLE.name)
    const known = new Set<string>()
    for (const snapshot of table.metadata.snapshots) {
      const files = await planFiles(lake.ports, table, { snapshotId: snapshot['snapshot-id'] })
      const added = files.filter(({ key }) => !known.has(key))
      for (const { key } of added) known.add(key)
      if (snapshot.summary.operation !== 'append' || added.length === 0) continue
      const at = snapshot['timestamp-ms']
      const folded = candles.find(time => time >= at) ?? Number.NaN
      const paths = await Promise.all(added.map(({ key }) => lake.ports.store.localFile(key)))
      for (const { received } of await session.run(
        `SELECT epoch_us(ingestion_timestamp) AS received FROM ${readParquet(paths)}`,
      )) {
        gold.push(at / 1000 - seconds(received))
        candle.push(folded / 1000 - seconds(received))
      }
    }
    return {
      Bronze: early.map(row => seconds(row.bronze)),
      Silver: early.map(row => seconds(row.silver)),
      Gold: gold,
      'candles 1m': candle,
    }
  } finally {
    session.close()
  }
}
