/**
 * What a trade takes in Kafka, by how its batch is compressed: batches as a feed sends them, each with the records of a tenth of a second,
 * made by the client's own encoder. Bytes, which do not depend on the machine; and the CPU time of compressing.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { createRecordsBatch, type MessageRecord } from '@platformatic/kafka'
import { sumOf } from '../domain/counts.ts'
import { EXCHANGES } from '../domain/exchanges.ts'
import { piecesOf } from '../domain/pieces.ts'
import { encodeTrade } from '../domain/wire.ts'
import { DECODERS } from '../feeds/exchanges/decoders.ts'
import { framesOf } from '../feeds/frames.ts'
import { partitionsFor } from '../infra/sizes.ts'
import { createMarket } from '../test/records/market.ts'
import { print, record } from './report.ts'

const METHODS = ['none', 'lz4', 'zstd'] as const
const TICKS = 150
/** A tick is a fifth of a second, and a feed sends every tenth (feeds/publisher.ts). */
const BATCHES_PER_TICK = 2
const START_MICROS = BigInt(Date.UTC(2026, 10, 20, 12)) * 1000n
/** Recorded from the exchanges, if they are there. */
const FRAMES = new URL('../../shared/data/frames/', import.meta.url)
/** Records of a recorded batch: those of a tenth of a second at Binance's share of 138 trades/s. */
const RECORDED_BATCH = 11

export async function benchBatchBytes(): Promise<void> {
  const sources = new Map<string, readonly MessageRecord[][]>()
  for (const rate of [138, 1_000, 10_000]) sources.set(`${rate.toLocaleString('en-US')} trades/s`, marketBatches(rate))
  if (existsSync(FRAMES)) sources.set('recorded frames', await recordedBatches())
  const rows = [...sources].map(([source, batches]) => {
    const records = sumOf(batches, batch => batch.length)
    const cells = METHODS.map(method => {
      const began = process.cpuUsage()
      const bytes = sumOf(batches, batch => createRecordsBatch(batch, { compression: method }).length)
      const { user, system } = process.cpuUsage(began)
      const figures = { bytes: bytes / records, cpu_us: (user + system) / records }
      record({ bench: 'batch-bytes', source, method, records, ...figures })
      return `${figures.bytes.toFixed(0)} (${figures.cpu_us.toFixed(1)} µs)`
    })
    return [source, records.toLocaleString('en-US'), (records / batches.length).toFixed(0), ...cells]
  })
  print(
    'Bytes of a record in Kafka, its key and all framing included, and CPU time of making its batch',
    ['trades of', 'records', 'a batch', ...METHODS],
    rows,
  )
}

function marketBatches(rate: number): MessageRecord[][] {
  const partitions = partitionsFor(rate)
  const batches: MessageRecord[][] = []
  for (const exchange of EXCHANGES) {
    const market = createMarket({ seed: 5, startMicros: START_MICROS, ratePerSecond: rate, exchange, partitions })
    for (let tick = 0; tick < TICKS; tick++) {
      const messages = market.tick(tick)
      for (const some of piecesOf(messages, Math.max(1, Math.ceil(messages.length / BATCHES_PER_TICK))))
        for (const [partition, own] of Map.groupBy(some, message => message.partition))
          batches.push(
            own.map(({ key, value, timestamp }) => ({
              ...{ topic: 't', partition, timestamp: BigInt(timestamp) },
              ...{ key: Buffer.from(key ?? []), value: Buffer.from(value ?? []) },
            })),
          )
    }
  }
  return batches
}

async function recordedBatches(): Promise<MessageRecord[][]> {
  const records: MessageRecord[] = []
  for (const file of readdirSync(FRAMES).filter(name => name.endsWith('.txt'))) {
    const exchange = EXCHANGES.find(({ name }) => file.startsWith(name))
    if (!exchange) continue
    const lines = readFileSync(new URL(file, FRAMES), 'utf8').split('\n')
    for await (const { json, receivedAt } of framesOf(lines, file))
      for (const trade of DECODERS[exchange.name].map(json, receivedAt)) {
        const [key, value] = [Buffer.from(trade.symbol), Buffer.from(encodeTrade(trade))]
        records.push({ topic: 't', partition: 0, timestamp: receivedAt / 1000n, key, value })
      }
  }
  return piecesOf(records, RECORDED_BATCH).map(batch => [...batch])
}
