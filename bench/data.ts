/**
 * The benchmark's input: messages made by ../shared/bench/gen_trades.py, laid out as the events that the Bronze functions
 * get. Making them is not measured, and done by a process of its own, whose memory ends with it; they are kept in the temporary folder for
 * the next run.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { crc32 } from 'node:zlib'
import type { KafkaEvent, KafkaEventRecord } from '../domain/events.ts'
import { EXCHANGES, type Exchange } from '../domain/exchanges.ts'
import { topicName } from '../domain/names.ts'
import { readersPython } from '../test/integration/python.ts'

const SELF = fileURLToPath(import.meta.url)
const GENERATOR = new URL('../../shared/bench/gen_trades.py', import.meta.url).pathname

/** What the generator says must come out. */
export interface Manifest {
  readonly n: number
  readonly bronze: number
  readonly silver: number
  readonly dlq: number
  readonly gold: number
  readonly gold_sum_price_e8: string
  readonly gold_sum_quantity_e8: string
  readonly ohlcv: Readonly<Record<string, Readonly<Record<string, string | number>>>>
}

export interface BenchData {
  readonly manifest: Manifest
  /** The folder of what the generator wrote. */
  readonly neutral: string
  /** The file that lists the events, as `pollers` has them. */
  readonly index: string
  /** For each poller, the files of its events in order, with the exchange's name. */
  readonly pollers: readonly (readonly { readonly exchange: string; readonly path: string }[])[]
}

/** Makes, or finds, `messages` messages as events of `pollers` pollers: each has its own partitions, as the event source's pollers have. */
export async function benchData(messages: number, pollers: number): Promise<BenchData> {
  const folder = join(tmpdir(), `tradelake-bench-${messages}`)
  const neutral = join(folder, 'neutral')
  const index = join(folder, `events-${pollers}`, 'index.json')
  if (!existsSync(join(neutral, 'manifest.json'))) {
    mkdirSync(folder, { recursive: true })
    const python = await readersPython()
    execFileSync(python, [GENERATOR, String(messages), `${neutral}.new`], { stdio: 'inherit' })
    renameSync(`${neutral}.new`, neutral)
  }
  if (!existsSync(index)) execFileSync(process.execPath, [SELF, neutral, dirname(index), String(pollers)])
  const manifest = JSON.parse(readFileSync(join(neutral, 'manifest.json'), 'utf8')) as Manifest
  return { manifest, neutral, index, pollers: JSON.parse(readFileSync(index, 'utf8')) as BenchData['pollers'] }
}

/** Writes the generator's messages as events, and last of all their list. */
function makeEvents(neutral: string, folder: string, pollers: number): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const lists = Array.from({ length: pollers }, () => [] as { exchange: string; path: string }[])
  for (const exchange of EXCHANGES) writeEvents(exchange, join(neutral, `${exchange.name}.bin`), folder, lists)
  writeFileSync(join(folder, 'index.json'), JSON.stringify(lists))
}

/** Key length, key, value length, value, Kafka time in milliseconds: the generator's record. */
function* recordsOf(exchange: Exchange, file: string): Generator<KafkaEventRecord> {
  const bytes = readFileSync(file)
  const topic = topicName(exchange.name)
  const offsets = new Map<number, number>()
  for (let at = 0; at < bytes.length; ) {
    const keyEnd = at + 4 + bytes.readUInt32BE(at)
    const key = bytes.subarray(at + 4, keyEnd)
    const valueEnd = keyEnd + 4 + bytes.readUInt32BE(keyEnd)
    const partition = crc32(key) % exchange.partitions
    const offset = offsets.get(partition) ?? 0
    offsets.set(partition, offset + 1)
    yield {
      topic,
      partition,
      offset,
      timestamp: Number(bytes.readBigInt64BE(valueEnd)),
      timestampType: 'CREATE_TIME',
      key: key.toString('base64'),
      value: bytes.toString('base64', keyEnd + 4, valueEnd),
      headers: [],
    }
    at = valueEnd + 8
  }
}

function writeEvents(
  exchange: Exchange,
  file: string,
  folder: string,
  lists: { exchange: string; path: string }[][],
): void {
  const pollerOf = assignPartitions(exchange, file, lists.length)
  const batches = lists.map(() => ({ records: {} as Record<string, KafkaEventRecord[]>, count: 0 }))
  const flush = (poller: number) => {
    const path = join(folder, `${exchange.name}-${poller}-${lists[poller].length}.json`)
    const event: KafkaEvent = { eventSource: 'aws:kafka', records: batches[poller].records }
    writeFileSync(path, JSON.stringify(event))
    lists[poller].push({ exchange: exchange.name, path })
    batches[poller] = { records: {}, count: 0 }
  }
  for (const record of recordsOf(exchange, file)) {
    const poller = pollerOf.get(record.partition) as number
    const batch = batches[poller]
    const key = `${record.topic}-${record.partition}`
    batch.records[key] ??= []
    batch.records[key].push(record)
    if (++batch.count === exchange.batchRecords) flush(poller)
  }
  batches.forEach((batch, poller) => {
    if (batch.count > 0) flush(poller)
  })
}

/** Busiest partitions first, each to the poller with the least. */
function assignPartitions(exchange: Exchange, file: string, pollers: number): Map<number, number> {
  const counts = new Map<number, number>()
  for (const { partition } of recordsOf(exchange, file)) counts.set(partition, (counts.get(partition) ?? 0) + 1)
  const load = new Array<number>(pollers).fill(0)
  return new Map(
    [...counts]
      .sort(([, a], [, b]) => b - a)
      .map(([partition, count]) => {
        const poller = load.indexOf(Math.min(...load))
        load[poller] += count
        return [partition, poller]
      }),
  )
}

if (process.argv[1] === SELF) {
  const [neutral, folder, pollers] = process.argv.slice(2)
  makeEvents(neutral, folder, Number(pollers))
}
