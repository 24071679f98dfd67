/**
 * How long one batch takes from the event to its candles: Bronze, Silver, Gold, candles, one after the other in one warm
 * process.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { KafkaEvent, KafkaEventRecord } from '../domain/events.ts'
import { EXCHANGES, type Exchange } from '../domain/exchanges.ts'
import { consumers } from '../domain/names.ts'
import { listPending } from '../domain/pending.ts'
import type { Ports } from '../domain/ports.ts'
import { tradeStream } from '../domain/streams.ts'
import { ingest } from '../functions/bronze/bronze.ts'
import { unify } from '../functions/gold/gold.ts'
import { foldPending } from '../functions/ohlcv/ohlcv.ts'
import { cachedSchemas, type Schemas } from '../functions/silver/schemas.ts'
import { refine } from '../functions/silver/silver.ts'
import { benchData } from './data.ts'
import { benchEngine, benchLake } from './lake.ts'
import { percentile, print, record } from './report.ts'

const STAGES = ['bronze', 'silver', 'gold', 'candles'] as const
type Times = Record<(typeof STAGES)[number] | 'all', number>

export async function benchLatency(messages: number, batches: number): Promise<void> {
  const data = await benchData(messages, 1)
  const engine = await benchEngine()
  const rows: string[][] = []
  for (const size of [1_000, 10_000]) {
    const folder = mkdtempSync(join(tmpdir(), 'tradelake-latency-'))
    const lake = benchLake(folder, engine)
    const schemas = cachedSchemas(lake.ports.registry, lake.ports.clock)
    const times: Times[] = []
    const warmUp = 10
    for (const { exchange, event } of eventsOf(data.pollers[0], size, batches + warmUp))
      times.push(await oneBatch(lake.ports, exchange, schemas, event))
    lake.close()
    rmSync(folder, { recursive: true })
    const warm = times.slice(warmUp)
    for (const stage of [...STAGES, 'all'] as const) {
      const values = warm.map(time => time[stage])
      const p50 = percentile(values, 0.5)
      const p99 = percentile(values, 0.99)
      record({ bench: 'latency', batch: size, stage, batches: values.length, p50_ms: p50, p99_ms: p99 })
      rows.push([size.toLocaleString('en-US'), stage, p50.toFixed(1), p99.toFixed(1)])
    }
  }
  engine.close()
  print(`Latency of one batch, warm, ${batches} batches`, ['messages', 'stage', 'p50 ms', 'p99 ms'], rows)
}

/** Events of `size` records of the busiest exchange, in the order of its topic. */
function* eventsOf(
  files: readonly { readonly exchange: string; readonly path: string }[],
  size: number,
  count: number,
): Generator<{ exchange: Exchange; event: KafkaEvent }> {
  const exchange = EXCHANGES[0]
  let records: Record<string, KafkaEventRecord[]> = {}
  let held = 0
  let made = 0
  for (const file of files.filter(candidate => candidate.exchange === exchange.name)) {
    const event = JSON.parse(readFileSync(file.path, 'utf8')) as KafkaEvent
    const inOrder = Object.values(event.records)
      .flat()
      .sort((a, b) => a.timestamp - b.timestamp || a.offset - b.offset)
    for (const one of inOrder) {
      const key = `${one.topic}-${one.partition}`
      records[key] ??= []
      records[key].push(one)
      if (++held < size) continue
      yield { exchange, event: { eventSource: 'aws:kafka', records } }
      if (++made === count) return
      records = {}
      held = 0
    }
  }
}

async function oneBatch(ports: Ports, exchange: Exchange, schemas: Schemas, event: KafkaEvent): Promise<Times> {
  const never = Number.POSITIVE_INFINITY
  const marks = [performance.now()]
  await ingest(ports, tradeStream(exchange), event)
  marks.push(performance.now())
  const [object] = await listPending(ports, consumers.silver(exchange.name), 1)
  await refine(ports, exchange, schemas, [object.id])
  marks.push(performance.now())
  await unify(ports, never)
  marks.push(performance.now())
  await foldPending(ports, never)
  marks.push(performance.now())
  const [bronze, silver, gold, candles] = STAGES.map((_, i) => marks[i + 1] - marks[i])
  return { bronze, silver, gold, candles, all: marks[4] - marks[0] }
}
