/** `tradelake frames`: publishes recorded WebSocket frames as TradeV2 messages. */
import { createReadStream, createWriteStream, statSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { pipeline } from 'node:stream/promises'
import { codeOf, fileError } from '../adapters/file-errors.ts'
import { systemScratch } from '../adapters/system.ts'
import { BadInput, messageOf } from '../domain/errors.ts'
import { isExchangeName } from '../domain/exchanges.ts'
import { topicName } from '../domain/names.ts'
import type { LogRecord, Scratch } from '../domain/ports.ts'
import type { Trade } from '../domain/trade.ts'
import { encodeTrade } from '../domain/wire.ts'
import { type Lake, openLake } from '../embedded/lake.ts'
import { type Decoder, MalformedFrame } from '../feeds/decoder.ts'
import { DECODERS } from '../feeds/exchanges/decoders.ts'
import { framesOf } from '../feeds/frames.ts'
import { partitionOf } from '../feeds/partitioner.ts'
import type { StreamKind } from '../feeds/protocol.ts'
import { command, DATA_OPTION, JSON_OPTION } from './command.ts'
import { streamOf } from './feed-options.ts'
import { formatCount } from './format.ts'
import { kindOf, noteKind, type Recorded, requireOneKind } from './frames-kinds.ts'
import { QUIET_OPTION, type Told, withProgress } from './terminal/progress.ts'
import { optional } from './values.ts'

const RECORDS_PER_APPEND = 5_000

const KNOWN = Object.keys(DECODERS).join(', ')

export const frames = command({
  name: 'frames',
  usage:
    'FILE… --exchange X [--stream KIND] [--data DIR] [--json | --quiet]   (FILE may be a pipe, or - for the standard input)',
  takesWords: true,
  options: {
    exchange: { type: 'string', value: 'X', help: `whose frames they are: ${KNOWN}` },
    stream: { type: 'string', value: 'KIND', help: 'only these trades of the recording: trade, or aggTrade (Binance)' },
    data: DATA_OPTION,
    json: JSON_OPTION,
    quiet: QUIET_OPTION,
  },
  async run(values, positionals) {
    const name = values.exchange
    if (name === undefined) throw new BadInput(`Say whose frames they are: --exchange ${KNOWN}.`)
    if (positionals.length === 0) throw new BadInput('Give at least one file of recorded frames.')
    const decoder = isExchangeName(name) ? DECODERS[name] : undefined
    if (!decoder) throw new BadInput(`--exchange ${name} is not one of ${KNOWN}.`)
    const stream = optional(values.stream, streamOf)
    const scratch = systemScratch()
    const recordings: Recording[] = []
    for (const file of positionals) recordings.push(await recordingOf(file, scratch))
    const published = await withProgress(values, async told => {
      // Every file is read to its end before anything is published: a bad one leaves nothing half-done.
      const recorded: Recorded = { kinds: new Map(), range: undefined }
      const frames = new Map<Recording, number>()
      for (const recording of recordings) {
        told.begin(`Reading ${recording.file}`, 'frame')
        for await (const { trades } of tradesOf(recording, decoder, stream)) {
          for (const trade of trades) noteKind(recorded, trade)
          frames.set(recording, (frames.get(recording) ?? 0) + 1)
          told.add(1)
        }
      }
      const lake = await openLake(values.data)
      try {
        await requireOneKind(lake, recorded)
        const all: Published[] = []
        for (const recording of recordings) {
          told.begin(`Publishing ${recording.file}`, 'frame', frames.get(recording) ?? 0)
          all.push(await publish(lake, name, recording, decoder, stream, told))
        }
        return all
      } finally {
        lake.close()
      }
    })
    if (values.json) console.log(JSON.stringify({ files: published }))
    else {
      for (const { file, frames, trades, topic } of published)
        console.log(`${file}: ${formatCount(frames)} frames, ${formatCount(trades)} trades published to ${topic}`)
      console.log('Run tradelake drain, or tradelake start, to take them through the stages.')
    }
    for (const { file, frames, trades } of published)
      if (trades === 0)
        console.error(
          `tradelake: ${file} has no trade of ${name} in its ${formatCount(frames)} frames: is it another exchange's?`,
        )
    return 0
  },
})

interface Recording {
  /** As it was named, for messages. */
  readonly file: string
  /** Where it can be read, more than once. */
  readonly path: string
}

/** A pipe can be read once only, so what comes out of it is kept. `-` is the standard input. */
async function recordingOf(file: string, scratch: Scratch): Promise<Recording> {
  try {
    if (file !== '-' && statSync(file).isFile()) return { file, path: file }
    const path = scratch.path('recording')
    await pipeline(file === '-' ? process.stdin : createReadStream(file), createWriteStream(path))
    return { file, path }
  } catch (error) {
    throw readingError(error, file)
  }
}

interface Published {
  readonly file: string
  readonly frames: number
  readonly trades: number
  readonly topic: string
}

async function publish(
  lake: Lake,
  name: string,
  recording: Recording,
  decoder: Decoder,
  stream: StreamKind | undefined,
  told: Told,
): Promise<Published> {
  const { file } = recording
  const topic = topicName(name)
  const partitions = lake.exchanges.find(exchange => exchange.name === name)?.partitions ?? 1
  let records: LogRecord[] = []
  let frames = 0
  let published = 0
  const flush = async () => {
    await lake.topics.append(topic, records)
    published += records.length
    records = []
  }
  for await (const { trades, receivedAt } of tradesOf(recording, decoder, stream)) {
    frames++
    told.add(1)
    for (const trade of trades) {
      const key = Buffer.from(trade.symbol)
      // The record's Kafka time is when the frame was received, so that old recordings stay valid.
      const timestamp = Number(receivedAt / 1000n)
      records.push({ partition: partitionOf(key, partitions), key, value: encodeTrade(trade), timestamp })
    }
    if (records.length >= RECORDS_PER_APPEND) await flush()
  }
  await flush()
  return { file, frames, trades: published, topic }
}

/** The frames of a file with their trades. @throws BadInput naming the file, and the line where one is wrong */
async function* tradesOf(
  { file, path }: Recording,
  decoder: Decoder,
  stream: StreamKind | undefined,
): AsyncGenerator<{ trades: Trade[]; receivedAt: bigint }> {
  try {
    const lines = createInterface({ input: createReadStream(path, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY })
    for await (const { json, receivedAt, line } of framesOf(lines, file)) {
      let trades: Trade[]
      try {
        trades = [...decoder.map(json, receivedAt)].filter(trade => stream === undefined || kindOf(trade) === stream)
      } catch (error) {
        if (!(error instanceof MalformedFrame)) throw error
        throw new BadInput(`${file}:${line} ${messageOf(error)} Nothing was published.`)
      }
      yield { trades, receivedAt }
    }
  } catch (error) {
    throw readingError(error, file)
  }
}

function readingError(error: unknown, file: string): unknown {
  return codeOf(error) === 'ENOENT' ? new BadInput(`${file} does not exist.`) : fileError(error, file, 'reading frames')
}
