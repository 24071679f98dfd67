/** `tradelake frames`: publishes recorded WebSocket frames as TradeV2 messages. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { codeOf, fileError } from '../adapters/file-errors.ts'
import { BadInput, messageOf } from '../domain/errors.ts'
import { isExchangeName } from '../domain/exchanges.ts'
import { topicName } from '../domain/names.ts'
import type { LogRecord } from '../domain/ports.ts'
import type { Trade } from '../domain/trade.ts'
import { encodeTrade } from '../domain/wire.ts'
import { type Lake, openLake } from '../embedded/lake.ts'
import { type Decoder, MalformedFrame } from '../feeds/decoder.ts'
import { DECODERS } from '../feeds/exchanges/decoders.ts'
import { framesOf } from '../feeds/frames.ts'
import { partitionOf } from '../feeds/partitioner.ts'
import { command, DATA_OPTION } from './command.ts'
import { formatCount } from './format.ts'

const RECORDS_PER_APPEND = 5_000

const KNOWN = Object.keys(DECODERS).join(', ')

export const frames = command({
  name: 'frames',
  usage: 'FILE… --exchange X [--data DIR]',
  options: {
    exchange: { type: 'string', value: 'X', help: `whose frames they are: ${KNOWN}` },
    data: DATA_OPTION,
  },
  async run(values, positionals) {
    const name = values.exchange
    if (name === undefined) throw new BadInput(`Say whose frames they are: --exchange ${KNOWN}.`)
    if (positionals.length === 0) throw new BadInput('Give at least one file of recorded frames.')
    const decoder = isExchangeName(name) ? DECODERS[name] : undefined
    if (!decoder) throw new BadInput(`--exchange ${name} is none of ${KNOWN}.`)
    // Every file is read to its end before anything is published: a bad one leaves nothing half-done.
    for (const file of positionals) for await (const _ of tradesOf(file, decoder));
    const lake = await openLake(values.data)
    try {
      for (const file of positionals) await publish(lake, name, file, decoder)
      console.log('Run tradelake drain, or tradelake start, to take them through.')
      return 0
    } finally {
      lake.close()
    }
  },
})

async function publish(lake: Lake, name: string, file: string, decoder: Decoder): Promise<void> {
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
  for await (const { trades, receivedAt } of tradesOf(file, decoder)) {
    frames++
    for (const trade of trades) {
      const key = Buffer.from(trade.symbol)
      // The record's Kafka time is when the frame was received, so that old recordings stay valid.
      const timestamp = Number(receivedAt / 1000n)
      records.push({ partition: partitionOf(key, partitions), key, value: encodeTrade(trade), timestamp })
    }
    if (records.length >= RECORDS_PER_APPEND) await flush()
  }
  await flush()
  console.log(`${file}: ${formatCount(frames)} frames, ${formatCount(published)} trades published to ${topic}`)
}

/** The frames of a file with their trades. @throws BadInput naming the file, and the line where one is wrong */
async function* tradesOf(file: string, decoder: Decoder): AsyncGenerator<{ trades: Trade[]; receivedAt: bigint }> {
  try {
    const lines = createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY })
    for await (const { json, receivedAt, line } of framesOf(lines, file)) {
      let trades: Trade[]
      try {
        trades = [...decoder.map(json, receivedAt)]
      } catch (error) {
        if (!(error instanceof MalformedFrame)) throw error
        throw new BadInput(`${file}:${line} ${messageOf(error)} Nothing was published.`)
      }
      yield { trades, receivedAt }
    }
  } catch (error) {
    if (codeOf(error) === 'ENOENT') throw new BadInput(`${file} does not exist.`)
    throw fileError(error, file, 'reading frames')
  }
}
