/** A worker process of the benchmark: does one stage's share on request, and reports the time it took. */
import { readFileSync } from 'node:fs'
import type { DuckDbEngine } from '../adapters/duckdb-engine.ts'
import type { KafkaEvent } from '../domain/events.ts'
import { EXCHANGES } from '../domain/exchanges.ts'
import { piecesOf } from '../domain/pieces.ts'
import { tradeStream } from '../domain/streams.ts'
import { committedTables } from '../domain/tables.ts'
import { ingest } from '../functions/bronze/bronze.ts'
import { commitTable } from '../functions/commit/commit.ts'
import { unify } from '../functions/gold/gold.ts'
import { foldPending } from '../functions/ohlcv/ohlcv.ts'
import { cachedSchemas } from '../functions/silver/schemas.ts'
import { refine } from '../functions/silver/silver.ts'
import { benchEngine, benchLake } from './lake.ts'

export interface Order {
  readonly stage: 'bronze' | 'silver' | 'commit' | 'gold' | 'candles'
  readonly folder: string
  /** For Bronze: events; for Silver: Bronze objects. */
  readonly work: readonly { readonly exchange: string; readonly path: string }[]
}

export interface Done {
  /** Seconds in the stage's own code. */
  readonly wall: number
  readonly cpu: number
  readonly rows: number
}

/** Notifications in one event. */
const OBJECTS_PER_EVENT = 25

let engine: DuckDbEngine | undefined

/** Counts what runs inside `measure`, and nothing else of this process. */
function stopwatch() {
  let wall = 0
  let cpu = 0
  return {
    async measure<T>(run: () => Promise<T>): Promise<T> {
      const cpuBefore = process.cpuUsage()
      const before = performance.now()
      const result = await run()
      wall += (performance.now() - before) / 1000
      const used = process.cpuUsage(cpuBefore)
      cpu += (used.user + used.system) / 1e6
      return result
    },
    done: (rows: number): Done => ({ wall, cpu, rows }),
  }
}

async function carryOut({ stage, folder, work }: Order): Promise<Done> {
  if (stage === 'gold' || stage === 'candles') engine ??= await benchEngine()
  const lake = benchLake(folder, engine)
  const { ports } = lake
  const watch = stopwatch()
  const never = Number.POSITIVE_INFINITY
  let rows = 0
  try {
    if (stage === 'bronze')
      for (const { exchange, path } of work) {
        // The event source hands over parsed JSON: reading and parsing it is not the function's.
        const event = JSON.parse(readFileSync(path, 'utf8')) as KafkaEvent
        rows += (await watch.measure(() => ingest(ports, tradeStream(exchangeOf(exchange)), event))).ingested
      }
    else if (stage === 'silver')
      for (const exchange of EXCHANGES) {
        const keys = work.filter(item => item.exchange === exchange.name).map(item => item.path)
        const schemas = cachedSchemas(ports.registry, ports.clock)
        for (const some of piecesOf(keys, OBJECTS_PER_EVENT)) {
          const result = await watch.measure(() => refine(ports, exchange, schemas, some))
          if (result.failures.length > 0) throw new Error(result.failures[0].reason)
          rows += result.valid + result.invalid
        }
      }
    else if (stage === 'commit')
      for (const table of committedTables(EXCHANGES))
        rows += (await watch.measure(() => commitTable(ports, table, never))).records
    else if (stage === 'gold') rows = (await watch.measure(() => unify(ports, never))).read
    else rows = (await watch.measure(() => foldPending(ports, never))).changed
    return watch.done(rows)
  } finally {
    lake.close()
  }
}

function exchangeOf(name: string) {
  const exchange = EXCHANGES.find(candidate => candidate.name === name)
  if (!exchange) throw new Error(`There is no exchange ${name}.`)
  return exchange
}

process.on('message', (order: Order) => {
  carryOut(order).then(
    done => process.send?.({ done }),
    error => process.send?.({ error: String(error?.stack ?? error) }),
  )
})
