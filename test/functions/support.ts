/**
 * A lake in memory for the tests of the stages: its clock moves when the test says so, its ids count, and any step of
 * I/O can fail or wait. Over 250 lines: the one lake in memory that all stages are tested on.
 */
import { afterAll } from 'vitest'
import { bundledRegistry } from '../../adapters/bundled-registry.ts'
import { type DuckDbEngine, duckDbEngine } from '../../adapters/duckdb-engine.ts'
import { systemScratch } from '../../adapters/system.ts'
import type { KafkaEvent, KafkaEventRecord } from '../../domain/events.ts'
import { EXCHANGES, type Exchange } from '../../domain/exchanges.ts'
import { consumers, topicName } from '../../domain/names.ts'
import { listPending } from '../../domain/pending.ts'
import type { Clock, Ids, Ports, QueryEngine, SchemaRegistry, SqlRow, Write } from '../../domain/ports.ts'
import { readParquet } from '../../domain/sql.ts'
import { committedTables, type TableDefinition } from '../../domain/tables.ts'
import { messageId, type Trade } from '../../domain/trade.ts'
import { encodeTrade } from '../../domain/wire.ts'
import { commitTable } from '../../functions/commit/commit.ts'
import { unify } from '../../functions/gold/gold.ts'
import { cachedSchemas } from '../../functions/silver/schemas.ts'
import { refine, type SilverResult } from '../../functions/silver/silver.ts'
import { listAdded } from '../../iceberg/added-files.ts'
import { findTable } from '../../iceberg/catalog.ts'
import { type ColumnValues, readColumns } from '../../iceberg/parquet/read.ts'
import { planFiles } from '../../iceberg/scan.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { memoryState } from '../memory/state.ts'
import { memoryStore } from '../memory/store.ts'

/** When a test lake's clock begins, milliseconds since 1970. */
export const START = Date.UTC(2026, 10, 20, 12)
export const START_MICROS = BigInt(START) * 1000n

export const [BINANCE, KRAKEN, COINBASE] = EXCHANGES

export interface Step {
  readonly kind: 'put' | 'get' | 'transact'
  /** An object's key; empty for a transaction. */
  readonly key: string
  readonly writes: readonly Write[]
}

export interface MemoryLake {
  readonly ports: Ports
  readonly clock: Clock & { advance(milliseconds: number): void }
  /** Keys that parts were read of, in order. */
  readonly ranges: string[]
  /** Run before a step takes effect, and after it: they may throw or wait. */
  before: (step: Step) => void | Promise<void>
  after: (step: Step) => void | Promise<void>
}

/** What a test throws in the middle of a stage. */
export class Crash extends Error {}

const scratch = systemScratch()
let nextId = 0

/** A real DuckDB, shared by the lakes of the test file that calls this at its top, and closed after its tests. */
export async function testEngine(): Promise<DuckDbEngine> {
  const engine = await duckDbEngine({ threads: 2, memoryLimit: '400MB', tempDirectory: scratch.path('duckdb') })
  afterAll(() => engine.close())
  return engine
}

export function memoryLake(options: { engine?: QueryEngine; registry?: SchemaRegistry } = {}): MemoryLake {
  let now = START
  const clock = {
    now: () => now,
    steady: () => now,
    sleep: async (milliseconds: number) => void (now += milliseconds),
    advance: (milliseconds: number) => void (now += milliseconds),
  }
  // Version 7: time, then a number that no other lake of this process has.
  const ids: Ids = {
    uuid: () => {
      const time = Math.floor(now).toString(16).padStart(12, '0')
      const count = (++nextId).toString(16).padStart(15, '0')
      return `${time.slice(0, 8)}-${time.slice(8)}-7${count.slice(0, 3)}-8${count.slice(3, 6)}-000${count.slice(6)}`
    },
  }
  const store = memoryStore({ clock, scratch })
  const state = memoryState(clock)
  const lake = { before: () => {}, after: () => {}, clock, ranges: [] } as unknown as MemoryLake
  const step = async <T>(kind: Step['kind'], key: string, writes: readonly Write[], run: () => Promise<T>) => {
    await lake.before({ kind, key, writes })
    const result = await run()
    await lake.after({ kind, key, writes })
    return result
  }
  const ports: Ports = {
    clock,
    ids,
    scratch,
    registry: options.registry ?? bundledRegistry(),
    engine: options.engine as QueryEngine,
    store: {
      ...store,
      put: (key, bytes) => step('put', key, [], () => store.put(key, bytes)),
      get: key => step('get', key, [], () => store.get(key)),
      getRange: (key, start, end) => {
        lake.ranges.push(key)
        return store.getRange(key, start, end)
      },
    },
    state: {
      ...state,
      transact: (writes, token) => step('transact', '', writes, () => state.transact(writes, token)),
    },
  }
  return Object.assign(lake, { ports })
}

/** Makes the next step that matches crash, before or after it takes effect. */
export function crashOnce(lake: MemoryLake, when: 'before' | 'after', matches: (step: Step) => boolean): void {
  const hook = lake[when]
  lake[when] = step => {
    if (!matches(step)) return
    lake[when] = hook
    throw new Crash(`crash ${when} ${step.kind} ${step.key}`)
  }
}

/** Makes the next step that matches wait before it takes effect, until it is let go. */
export function pauseOnce(
  lake: MemoryLake,
  matches: (step: Step) => boolean,
): { reached: Promise<void>; go: () => void } {
  const reached = Promise.withResolvers<void>()
  const gate = Promise.withResolvers<void>()
  const hook = lake.before
  lake.before = step => {
    if (!matches(step)) return
    lake.before = hook
    reached.resolve()
    return gate.promise
  }
  return { reached: reached.promise, go: gate.resolve }
}

/** A transaction of a stage, as against the making of a table. */
export function isCommit(step: Step): boolean {
  return step.kind === 'transact' && step.writes.some(write => write.kind !== 'put' || write.item.key.table === 'state')
}

export interface TestRecord {
  readonly partition: number
  readonly offset: number
  readonly value: Uint8Array | null
  readonly key?: Uint8Array | null
  /** Milliseconds since 1970; START by default. */
  readonly timestamp?: number
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')

/** An event of the event source, of these records in their order. */
export function kafkaEvent(exchange: Exchange, records: readonly TestRecord[]): KafkaEvent {
  const topic = topicName(exchange.name)
  const groups: Record<string, KafkaEventRecord[]> = {}
  for (const { partition, offset, value, key = null, timestamp = START } of records) {
    const group = (groups[`${topic}-${partition}`] ??= [])
    group.push({
      topic,
      partition,
      offset,
      timestamp,
      timestampType: 'CREATE_TIME',
      key: key && base64(key),
      // A tombstone has no value at all.
      ...(value && { value: base64(value) }),
      headers: [],
    })
  }
  return { eventSource: 'aws:kafka', records: groups }
}

/** A valid trade; `number` tells it from others. */
export function tradeOf(number: number, more: Partial<Trade> = {}): Trade {
  const exchange = more.exchange ?? 'BINANCE'
  const symbol = more.symbol ?? 'BTCUSDT'
  const tradeId = more.tradeId ?? `${exchange}-${number}`
  return {
    messageId: messageId(exchange, symbol, tradeId),
    tradeId,
    symbol,
    exchange,
    assetClass: 'crypto',
    timestamp: START_MICROS - 3_600_000_000n + BigInt(number) * 1_000n,
    price: (8_643_215_000_000n + BigInt(number)) * 100n,
    quantity: 1_200_000n,
    currency: 'USDT',
    side: number % 2 === 0 ? 'BUY' : 'SELL',
    tradeConditions: [],
    sourceSequence: null,
    ingestionTimestamp: START_MICROS,
    platformSequence: null,
    vendorData: { event_type: 'trade' },
    ...more,
  }
}

/** Records that carry these trades, at the offsets from `first` on. */
export function recordsOf(trades: readonly Trade[], partition = 0, first = 0): TestRecord[] {
  return trades.map((trade, i) => ({ partition, offset: first + i, value: encodeTrade(trade) }))
}

/** The ids on a consumer's pending list, oldest first. */
export async function pendingIds(lake: MemoryLake, consumer: string): Promise<string[]> {
  return (await listPending(lake.ports, consumer, 10_000)).map(item => item.id)
}

/** Runs Silver over everything that is pending for it. */
export async function refineAll(lake: MemoryLake, exchange: Exchange): Promise<SilverResult> {
  const keys = await pendingIds(lake, consumers.silver(exchange.name))
  return refine(lake.ports, exchange, cachedSchemas(lake.ports.registry, lake.ports.clock), keys)
}

/** Commits everything that is pending for every Bronze, Silver and DLQ table. */
export async function commitAll(lake: MemoryLake): Promise<void> {
  for (const table of committedTables(EXCHANGES)) await commitTable(lake.ports, table, Number.POSITIVE_INFINITY)
}

export async function unifyAll(lake: MemoryLake) {
  return unify(lake.ports, Number.POSITIVE_INFINITY)
}

/** Files of the table's current snapshot and files that are pending for it. */
export async function filesOf(lake: MemoryLake, table: TableDefinition): Promise<DataFile[]> {
  const pending = await listAdded(lake.ports, table.name, 10_000)
  const loaded = await findTable(lake.ports, table.name)
  const committed = loaded ? await planFiles(lake.ports, loaded) : []
  return [...committed, ...pending.flatMap(item => item.payload.files)]
}

/** The table's rows, committed or pending, with the named flat columns as they are stored. */
export async function rowsOf(
  lake: MemoryLake,
  table: TableDefinition,
  columns: readonly string[] = table.columns.filter(column => !column.nestedIds).map(column => column.name),
): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = []
  for (const file of await filesOf(lake, table)) {
    const read = await readColumns(file.key, await lake.ports.store.get(file.key), columns, table)
    if (read.rows !== file.records) throw new Error(`${file.key} has ${read.rows} rows and says ${file.records}`)
    rows.push(...rowObjects(columns, read.rows, read.values))
  }
  return rows
}

function rowObjects(columns: readonly string[], rows: number, values: Record<string, ColumnValues>) {
  return Array.from({ length: rows }, (_, row) => Object.fromEntries(columns.map(name => [name, values[name][row]])))
}

/** The answer of a query over the table's rows, committed or pending; it names them `t`. */
export async function queryRows(lake: MemoryLake, table: TableDefinition, select: string): Promise<SqlRow[]> {
  const files = await filesOf(lake, table)
  if (files.length === 0) return []
  const keys = files.map(file => file.key)
  const paths = await Promise.all(keys.map(key => lake.ports.store.localFile(key)))
  try {
    return await lake.ports.engine.run([`WITH t AS (SELECT * FROM ${readParquet(paths)}) ${select}`])
  } finally {
    await lake.ports.store.releaseLocal(keys)
  }
}
