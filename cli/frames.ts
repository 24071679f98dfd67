/** `tradelake frames`: publishes recorded WebSocket frames as TradeV2 messages. */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import { BadInput, messageOf } from '../domain/errors.ts'
import { topicName } from '../domain/names.ts'
import type { LogRecord } from '../domain/ports.ts'
import { encodeTrade } from '../domain/wire.ts'
import { DECODERS } from '../feeds/decoders.ts'
import { framesOf } from '../feeds/frames.ts'
import { partitionOf } from '../feeds/partitioner.ts'
import { MalformedFrame } from '../feeds/types.ts'
import { openLake } from '../localstack/lake.ts'
import { type Command, DATA_OPTION } from './command.ts'

const RECORDS_PER_APPEND = 5_000

export const frames: Command = {
  name: 'frames',
  usage: 'FILE… --exchange X [--data DIR]',
  summary: 'Publish recorded WebSocket frames as TradeV2 messages; tradelake drain then takes them through.',
  options: {
    exchange: { type: 'string', value: 'X', help: 'whose frames they are: binance, kraken or coinbase' },
    data: DATA_OPTION,
  },
  async run(args) {
    const name = args.text('exchange')
    if (name === undefined) throw new BadInput('Say whose frames they are: --exchange binance, kraken or coinbase.')
    if (args.positionals.length === 0) throw new BadInput('Give at least one file of recorded frames.')
    const lake = await openLake(args.text('data') as string)
    try {
      const exchange = lake.exchanges.find(candidate => candidate.name === name)
      if (!exchange)
        throw new BadInput(`--exchange ${name} is none of ${lake.exchanges.map(known => known.name).join(', ')}.`)
      // Every file is read to its end before anything is published: a bad one leaves nothing half-done.
      const read = []
      for (const file of args.positionals) read.push(await readFrames(file, name, exchange.partitions))
      const topic = topicName(name)
      for (const { file, frames, malformed, records } of read) {
        for (let from = 0; from < records.length; from += RECORDS_PER_APPEND)
          await lake.topics.append(topic, records.slice(from, from + RECORDS_PER_APPEND))
        console.log(
          `${file}: ${frames} frames, ${records.length} trades published to ${topic}${malformed.length > 0 ? `, ${malformed.length} malformed` : ''}`,
        )
        for (const problem of malformed) console.error(`tradelake: ${problem}`)
      }
      console.log('Run tradelake drain, or tradelake start, to take them through.')
      return read.some(({ malformed }) => malformed.length > 0) ? 1 : 0
    } finally {
      lake.close()
    }
  },
}

async function readFrames(file: string, exchange: string, partitions: number) {
  const records: LogRecord[] = []
  const malformed: string[] = []
  let count = 0
  try {
    const lines = createInterface({ input: createReadStream(file, 'utf8'), crlfDelay: Number.POSITIVE_INFINITY })
    for await (const { json, receivedAt, line } of framesOf(lines, file)) {
      count++
      try {
        for (const trade of DECODERS[exchange].map(json, receivedAt)) {
          const key = Buffer.from(trade.symbol)
          // The record's Kafka time is when the frame was received, so that old recordings stay valid.
          const timestamp = Number(receivedAt / 1000n)
          records.push({ partition: partitionOf(key, partitions), key, value: encodeTrade(trade), timestamp })
        }
      } catch (error) {
        if (!(error instanceof MalformedFrame)) throw error
        malformed.push(`${file}:${line} ${messageOf(error)}`)
      }
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error
    throw new BadInput(`${file} cannot be read: ${messageOf(error)}.`)
  }
  return { file, frames: count, malformed, records }
}
