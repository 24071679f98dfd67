/**
 * What the stages ask of S3 and DynamoDB, counted: half an hour of a market goes through the handlers, each with caches of its own as a
 * Lambda has, at the moments when their windows and schedules would start them. The cost table (infra/cost/figures.ts) uses these counts,
 * which do not depend on the machine.
 * Over 250 lines: the ports that count, and the market that they count.
 */
import { duckDbEngine } from '../adapters/duckdb-engine.ts'
import { systemScratch } from '../adapters/system.ts'
import { draftKafkaEvent, type KafkaEvent, objectCreated } from '../domain/events.ts'
import { EXCHANGES, type Exchange } from '../domain/exchanges.ts'
import { dataPrefix, topicName } from '../domain/names.ts'
import { piecesOf } from '../domain/pieces.ts'
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
/** As Silver's queue hands them over (infra/silver.ts). */
const OBJECTS_PER_EVENT = 25
const CONTEXT: InvocationContext = { awsRequestId: 'bench', getRemainingTimeInMillis: () => 60_000 }
const TELEMETRY: Telemetry = { log: SILENT, metrics: { addMetric: () => {}, publishStoredMetrics: () => {} } }

/** What a stage asked for. Units as DynamoDB counts them (developer guide, "Read and write operations"). */
export interface Counts {
  runs: number
  cpuMs: number
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

/** Write units by the partition of the state or catalog table that they were for. */
export type UnitsByPartition = Map<string, number>

/** The ports of a container; `now` says whose counts a call is one of. */
function counting(
  ports: Ports,
  now: () => Counts,
  onPut: (key: string, bytes: number) => void,
  partitions: UnitsByPartition,
): Ports {
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
      for (const [index, bytes] of sizes.entries()) {
        const units = 2 * Math.max(1, Math.ceil(bytes / KB))
        const write = writes[index]
        const { partition } = write.kind === 'put' ? write.item.key : write.key
        now().writeUnits += units
        partitions.set(partition, (partitions.get(partition) ?? 0) + units)
      }
      now().largest = Math.max(
        now().largest,
        sizes.reduce((sum, bytes) => sum + bytes, 0),
      )
      await state.transact(writes, token)
    },
  }
  return { ...ports, store: counted, state: read }
}

export interface MarketRun {
  /** As the deployment has it, seconds. */
  readonly freshness: number
  /** Trades a second. */
  readonly rate: number
  readonly minutes: number
}

/** One lake and its stages, which work off a market; what each stage asked for and took, and what each partition had to write. */
export async function runMarket({ freshness, rate, minutes }: MarketRun): Promise<{
  readonly stages: ReadonlyMap<string, Counts>
  readonly partitions: UnitsByPartition
}> {
  const scratch = systemScratch()
  const engine = await duckDbEngine({ threads: 1, memoryLimit: '400MB', tempDirectory: scratch.path('requests') })
  const lake = memoryLake({ engine })
  const stages = new Map<string, Counts>()
  const partitions: UnitsByPartition = new Map()
  const objects = new Map<string, { key: string; bytes: number }[]>(EXCHANGES.map(({ name }) => [name, []]))
  const onPut = (key: string, bytes: number) => {
    const exchange = EXCHANGES.find(each => key.startsWith(dataPrefix(bronzeTable(each).name)))
    if (exchange) objects.get(exchange.name)?.push({ key, bytes })
  }
  const countsOf = (name: string) => {
    const found = stages.get(name) ?? {
      cpuMs: 0,
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
    const handler = make(counting(lake.ports, () => current, onPut, partitions))
    return async (name: string, event: E) => {
      const counts = countsOf(name)
      current = counts
      counts.runs++
      const before = process.cpuUsage()
      const result = await handler(event, CONTEXT)
      const { user, system } = process.cpuUsage(before)
      counts.cpuMs += (user + system) / 1000
      return result
    }
  }
  const flows = EXCHANGES.map(exchange => ({
    ...{ exchange, next: flowOf(exchange, rate, lake.clock.now()) },
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
  for (let second = 1; second <= minutes * 60; second++) {
    lake.clock.advance(1_000)
    for (const flow of flows) {
      if (second % bronzeWindowSeconds(freshness) !== 0) continue
      for (const event of flow.next(second)) await flow.bronze('bronze', event)
      const found = objects.get(flow.exchange.name)?.splice(0) ?? []
      for (const some of piecesOf(found, OBJECTS_PER_EVENT)) {
        const Records = some.map(({ key, bytes }) => ({ messageId: key, body: objectCreated(key, bytes) }))
        await flow.silver('silver', { Records })
      }
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
  return { stages, partitions }
}

/** The events of what an exchange's market made since the last ones, up to a second. */
function flowOf(exchange: Exchange, rate: number, startMs: number): (second: number) => KafkaEvent[] {
  const market = createMarket({
    ...{ seed: 5, startMicros: BigInt(startMs) * 1000n, ratePerSecond: rate, exchange },
    partitions: DEFAULT_PARTITIONS,
  })
  const offsets = new Map<number, number>()
  const begin = () => draftKafkaEvent(topicName(exchange.name), { eventSource: 'aws:kafka' })
  let tick = 0
  return second => {
    const events: KafkaEvent[] = []
    let draft = begin()
    for (; tick < second * TICKS_PER_SECOND; tick++)
      for (const message of market.tick(tick)) {
        const offset = offsets.get(message.partition) ?? 0
        offsets.set(message.partition, offset + 1)
        if (draft.records < exchange.batchRecords && draft.add({ ...message, offset })) continue
        events.push(draft.event())
        draft = begin()
        draft.add({ ...message, offset })
      }
    return draft.records > 0 ? [...events, draft.event()] : events
  }
}

export async function benchRequests(): Promise<void> {
  for (const freshness of [5, 10, 30, 60]) {
    const { stages } = await runMarket({ freshness, rate: RATE, minutes: MINUTES })
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
