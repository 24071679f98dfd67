/**
 * A market goes through the handlers of all stages, each with caches of its own as a Lambda has, at the moments when their windows and
 * schedules would start them.
 */
import { duckDbEngine } from '../adapters/duckdb-engine.ts'
import { systemScratch } from '../adapters/system.ts'
import { draftKafkaEvent, type KafkaEvent, objectCreated, type WakeEvent } from '../domain/events.ts'
import { EXCHANGES, type Exchange } from '../domain/exchanges.ts'
import { dataPrefix, statePartition, topicName } from '../domain/names.ts'
import { piecesOf } from '../domain/pieces.ts'
import type { InvocationContext, Ports, Telemetry } from '../domain/ports.ts'
import { type Share, wholeShare } from '../domain/shares.ts'
import { tradeStream } from '../domain/streams.ts'
import { allTables, bronzeTable, committedTables, GOLD_TABLE, type TableDefinition } from '../domain/tables.ts'
import { bronzeHandler } from '../functions/bronze/handler.ts'
import { commitHandler } from '../functions/commit/handler.ts'
import { goldHandler } from '../functions/gold/handler.ts'
import { maintainHandler } from '../functions/maintain/handler.ts'
import { ohlcvHandler, tablesOf } from '../functions/ohlcv/handler.ts'
import { oneGoldAtATime, whileUnpaused } from '../functions/pausing.ts'
import { silverHandler } from '../functions/silver/handler.ts'
import { sweepHandler } from '../functions/sweep/handler.ts'
import { findTable } from '../iceberg/catalog.ts'
import { bronzeWindowSeconds, goldRunsPerMinute } from '../infra/freshness.ts'
import { partitionsFor } from '../infra/sizes.ts'
import { memoryLake } from '../test/functions/support.ts'
import { createMarket } from '../test/records/market.ts'
import { SILENT } from '../test/silent-log.ts'
import { type Counts, counting, nothingCounted, type UnitsByPartition } from './counted.ts'

const WHOLE = wholeShare(EXCHANGES)
const TICKS_PER_SECOND = 5
/** As Silver's queue hands them over (infra/silver.ts). */
const OBJECTS_PER_EVENT = 25
const CONTEXT: InvocationContext = { awsRequestId: 'bench', getRemainingTimeInMillis: () => 60_000 }
const TELEMETRY: Telemetry = { log: SILENT, metrics: { addMetric: () => {}, publishStoredMetrics: () => {} } }

export interface MarketRun {
  /** As the deployment has it, seconds. */
  readonly freshness: number
  /** Trades a second. */
  readonly rate: number
  readonly minutes: number
  /** How Gold's and the candles' work is shared out: the runs of a share of one exchange are counted by themselves. */
  readonly shares?: readonly Share[]
}

/** One lake and its stages, which work off a market; what each stage asked for and took, and what each partition had to write. */
export async function runMarket({ freshness, rate, minutes, shares = [WHOLE] }: MarketRun): Promise<{
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
    const found = stages.get(name) ?? nothingCounted()
    stages.set(name, found)
    return found
  }
  let current = nothingCounted()
  /** A function with its container, as its `lambda.ts` wires it; each call says what it counts as. `mirrors`: whose pointers it reads in the end. */
  const stage = <E, R>(
    make: (ports: Ports) => (event: E, context: InvocationContext) => Promise<R>,
    mirrors: (event: E) => readonly TableDefinition[] = () => [],
  ) => {
    const ports = counting(lake.ports, () => current, onPut, partitions)
    const work = whileUnpaused(ports, make(ports))
    const handler = async (event: E, context: InvocationContext) => {
      const result = await work(event, context)
      for (const { name } of mirrors(event)) await findTable(ports, name)
      return result
    }
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
  const committed = committedTables(EXCHANGES)
  const commit = stage(
    ports => commitHandler(TELEMETRY, ports, EXCHANGES),
    () => committed,
  )
  const gold = stage(
    ports => goldHandler(TELEMETRY, ports, shares, oneGoldAtATime(ports, SILENT)),
    () => [GOLD_TABLE],
  )
  const candles = stage(ports => ohlcvHandler(TELEMETRY, ports, WHOLE, shares), tablesOf)
  const sweep = stage(ports => sweepHandler(TELEMETRY, ports, EXCHANGES, { send: async () => {} }))
  const maintain = stage(
    ports => maintainHandler(TELEMETRY, ports, EXCHANGES),
    () => allTables(EXCHANGES),
  )
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
      for (const share of shares) {
        const of = share.only === undefined ? '' : ` of ${share.only}`
        await gold(`gold${of}`, newsOf(share.goldLists))
        await candles(`candles of a minute${of}`, newsOf([share.candleList]))
      }
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

/** An event of the state table's stream. */
function newsOf(lists: readonly string[]): WakeEvent {
  return { Records: lists.map(list => ({ dynamodb: { Keys: { pk: { S: statePartition.pending(list) } } } })) }
}

/** The events of what an exchange's market made since the last ones, up to a second. */
function flowOf(exchange: Exchange, rate: number, startMs: number): (second: number) => KafkaEvent[] {
  const market = createMarket({
    ...{ seed: 5, startMicros: BigInt(startMs) * 1000n, ratePerSecond: rate, exchange },
    partitions: partitionsFor(rate),
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
