/**
 * What the stages ask of S3 and DynamoDB, counted: half an hour of a market goes through the handlers, each with caches of its own as a
 * Lambda has, at the moments when their windows and schedules would start them. The cost table (infra/cost/figures.ts) uses these counts,
 * which do not depend on the machine.
 */
import { duckDbEngine } from '../adapters/duckdb-engine.ts'
import { systemScratch } from '../adapters/system.ts'
import { draftKafkaEvent, type KafkaEvent, objectCreated } from '../domain/events.ts'
import { EXCHANGES, type Exchange } from '../domain/exchanges.ts'
import { dataPrefix, topicName } from '../domain/names.ts'
import type { InvocationContext, Item, ObjectStore, Ports, StateStore, Telemetry, Write } from '../domain/ports.ts'
import { tradeStream } from '../domain/streams.ts'
import { bronzeTable } from '../domain/tables.ts'
import { bronzeHandler } from '../functions/bronze/handler.ts'
import { commitHandler } from '../functions/commit/handler.ts'
import { goldHandler } from '../functions/gold/handler.ts'
import { maintainHandler } from '../functions/maintain/handler.ts'
import { ohlcvHandler } from '../functions/ohlcv/handler.ts'
import { silverHandler } from '../functions/silver/handler.ts'
import { sweepHandler } from '../functions/sweep/handler.ts'
import { DEFAULT_PARTITIONS } from '../infra/context.ts'
import { bronzeWindowSeconds, goldRunsPerMinute } from '../infra/freshness.ts'
import { memoryLake } from '../test/functions/support.ts'
import { createMarket } from '../test/records/market.ts'
import { SILENT } from '../test/silent-log.ts'
import { print, record } from './report.ts'

const RATE = 138
const MINUTES = 30
const TICKS_PER_SECOND = 5
const CONTEXT: InvocationContext = { awsRequestId: 'bench', getRemainingTimeInMillis: () => 60_000 }
const TELEMETRY: Telemetry = { log: SILENT, metrics: { addMetric: () => {}, publishStoredMetrics: () => {} } }

/** What a stage asked for. Units as DynamoDB counts them (developer guide, "Read and write operations"). */
interface Counts {
  runs: number
  /** PUT and LIST requests, which have one price; GET and HEAD, which have another. */
  puts: number
  gets: number
  putBytes: number
  writeUnits: number
  readUnits: number
  /** The most bytes of one transaction. */
  largest: number
}

const KB = 1024
/** An item's size: its names and values (DynamoDB developer guide, "DynamoDB item sizes and formats"); a number has a byte for two digits. */
const bytesOf = ({ key, attributes }: Item) =>
  Object.entries({ pk: key.partition, sk: key.sort, ...attributes }).reduce(
    (sum, [name, value]) => sum + name.length + (typeof value === 'string' ? Buffer.byteLength(value) : 10),
    0,
  )

/** The ports of a container; `now` says whose counts a call is one of. */
function counting(ports: Ports, now: () => Counts, onPut: (key: string, bytes: number) => void): Ports {
  const { store, state } = ports
  const counted: ObjectStore = {
    ...store,
    async put(key, bytes) {
      now().puts++
      now().putBytes += bytes.length
      await store.put(key, bytes)
      onPut(key, bytes.length)
    },
    async putFile(key, path) {
      now().puts++
      await store.putFile(key, path)
    },
    get(key) {
      now().gets++
      return store.get(key)
    },
    getRange(key, start, end) {
      now().gets++
      return store.getRange(key, start, end)
    },
    head(key) {
      now().gets++
      return store.head(key)
    },
    list(prefix) {
      now().puts++
      return store.list(prefix)
    },
    localFile(key) {
      now().gets++
      return store.localFile(key)
    },
  }
  const unitsOf = async (write: Write) => {
    if (write.kind === 'put') return bytesOf(write.item)
    const attributes = await state.get(write.key)
    return attributes ? bytesOf({ key: write.key, attributes }) : 0
  }
  const read: StateStore = {
    async get(key) {
      const attributes = await state.get(key)
      now().readUnits += Math.max(1, Math.ceil((attributes ? bytesOf({ key, attributes }) : 0) / (4 * KB)))
      return attributes
    },
    async query(table, partition, options) {
      const items = await state.query(table, partition, options)
      now().readUnits += Math.max(1, Math.ceil(items.reduce((sum, item) => sum + bytesOf(item), 0) / (4 * KB)))
      return items
    },
    async transact(writes, token) {
      const sizes = await Promise.all(writes.map(unitsOf))
      now().writeUnits += sizes.reduce((sum, bytes) => sum + 2 * Math.max(1, Math.ceil(bytes / KB)), 0)
      now().largest = Math.max(
        now().largest,
        sizes.reduce((sum, bytes) => sum + bytes, 0),
      )
      await state.transact(writes, token)
    },
  }
  return { ...ports, store: counted, state: read }
}

/** One lake and its stages; `freshness` as the deployment has it, seconds. */
async function halfAnHour(freshness: number): Promise<ReadonlyMap<string, Counts>> {
  const scratch = systemScratch()
  const engine = await duckDbEngine({ threads: 1, memoryLimit: '400MB', tempDirectory: scratch.path('requests') })
  const lake = memoryLake({ engine })
  const stages = new Map<string, Counts>()
  const objects = new Map<string, { key: string; bytes: number }[]>(EXCHANGES.map(({ name }) => [name, []]))
  const onPut = (key: string, bytes: number) => {
    const exchange = EXCHANGES.find(each => key.startsWith(dataPrefix(bronzeTable(each).name)))
    if (exchange) objects.get(exchange.name)?.push({ key, bytes })
  }
  const countsOf = (name: string) => {
    const found = stages.get(name) ?? {
      runs: 0,
      puts: 0,
      gets: 0,
      putBytes: 0,
      writeUnits: 0,
      readUnits: 0,
      largest: 0,
    }
    stages.set(name, found)
    return found
  }
  let current = countsOf('none')
  stages.clear()
  /** A function with its container; each call says what it counts as. */
  const stage = <E, R>(make: (ports: Ports) => (event: E, context: InvocationContext) => Promise<R>) => {
    const handler = make(counting(lake.ports, () => current, onPut))
    return (name: string, event: E) => {
      current = countsOf(name)
      current.runs++
      return handler(event, CONTEXT)
    }
  }
  const flows = EXCHANGES.map(exchange => ({
    ...{ exchange, next: flowOf(exchange, lake.clock.now()) },
    bronze: stage(ports => bronzeHandler(TELEMETRY, ports, tradeStream(exchange))),
    silver: stage(ports => silverHandler(TELEMETRY, ports, exchange)),
  }))
  const commit = stage(ports => commitHandler(TELEMETRY, ports, EXCHANGES))
  const gold = stage(ports => goldHandler(TELEMETRY, ports))
  const candles = stage(ports => ohlcvHandler(TELEMETRY, ports))
  const sweep = stage(ports => sweepHandler(TELEMETRY, ports, EXCHANGES, { send: async () => {} }))
  const maintain = stage(ports => maintainHandler(TELEMETRY, ports, EXCHANGES))
  const goldEvery = 60 / goldRunsPerMinute(freshness)

  let nextGold = goldEvery
  for (let second = 1; second <= MINUTES * 60; second++) {
    lake.clock.advance(1_000)
    for (const flow of flows) {
      if (second % bronzeWindowSeconds(freshness) !== 0) continue
      const event = flow.next(second)
      if (event) await flow.bronze('bronze', event)
      const found = objects.get(flow.exchange.name)?.splice(0) ?? []
      const Records = found.map(({ key, bytes }) => ({ messageId: key, body: objectCreated(key, bytes) }))
      if (Records.length > 0) await flow.silver('silver', { Records })
    }
    if (second >= nextGold) {
      nextGold += goldEvery
      await gold('gold', { Records: [] })
      await candles('candles of a minute', { Records: [] })
    }
    if (second % 60 !== 0) continue
    await commit('commit', {})
    await sweep('sweep', {})
    await gold('gold', {})
    await candles('candles of all', {})
    if (second % 900 === 0) await maintain('maintain', {})
  }
  engine.close()
  return stages
}

/** The event of what an exchange's market made since the last one, up to a second. */
function flowOf(exchange: Exchange, startMs: number): (second: number) => KafkaEvent | undefined {
  const market = createMarket({
    ...{ seed: 5, startMicros: BigInt(startMs) * 1000n, ratePerSecond: RATE, exchange },
    partitions: DEFAULT_PARTITIONS,
  })
  const offsets = new Map<number, number>()
  let tick = 0
  return second => {
    const topic = topicName(exchange.name)
    const draft = draftKafkaEvent(topic, { eventSource: 'aws:kafka' })
    for (; tick < second * TICKS_PER_SECOND; tick++)
      for (const message of market.tick(tick)) {
        const offset = offsets.get(message.partition) ?? 0
        offsets.set(message.partition, offset + 1)
        draft.add({ ...message, offset })
      }
    return draft.records > 0 ? draft.event() : undefined
  }
}

export async function benchRequests(): Promise<void> {
  for (const freshness of [5, 10, 30, 60]) {
    const stages = await halfAnHour(freshness)
    for (const [stage, counts] of stages) record({ bench: 'requests', freshness, rate: RATE, stage, ...counts })
    const each = ({ runs }: Counts, count: number) => (count / runs).toFixed(1)
    print(
      `What a run of each stage asks for, ${RATE} trades/s for ${MINUTES} minutes, freshness ${freshness} s`,
      ['stage', 'runs a minute', 'S3 PUT', 'S3 GET', 'write units', 'read units', 'largest transaction'],
      [...stages].map(([stage, counts]) => [
        ...[stage, (counts.runs / MINUTES).toFixed(1), each(counts, counts.puts), each(counts, counts.gets)],
        ...[each(counts, counts.writeUnits), each(counts, counts.readUnits), `${(counts.largest / KB).toFixed(0)} KB`],
      ]),
    )
  }
}
