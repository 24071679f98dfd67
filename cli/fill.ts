/** `tradelake fill`: fetches trades of the past from an exchange's history, by their numbers. */
import { Registry } from 'prom-client'
import { fetchHttp } from '../adapters/http-client.ts'
import { kafkaSink } from '../adapters/kafka-feed.ts'
import { createLogFile } from '../adapters/log-file.ts'
import { askedToEnd, systemClock, systemTimers } from '../adapters/system.ts'
import { BadInput } from '../domain/errors.ts'
import type { RecordSink } from '../domain/feed-ports.ts'
import { FEED_GAPS_TOPIC, topicName } from '../domain/names.ts'
import type { Log } from '../domain/ports.ts'
import { BUNDLED_IDS, type SchemaIds } from '../domain/wire.ts'
import { openLake } from '../embedded/lake.ts'
import { lakeSink } from '../embedded/lake-sink.ts'
import { startFill } from '../feeds/fill.ts'
import { findPairs } from '../feeds/markets.ts'
import { createFeedMetrics } from '../feeds/metrics.ts'
import { schemaIdsOf } from '../feeds/service.ts'
import { command, DATA_OPTION, JSON_OPTION, type Options, type Values } from './command.ts'
import { KAFKA_OPTIONS, kafkaOf, SOURCE_OPTIONS, schemasOf, sourceOf } from './feed-options.ts'
import { formatCount } from './format.ts'
import { QUIET_OPTION, withProgress } from './terminal/progress.ts'
import { optional, parseNumber, parseTime } from './values.ts'

const LOOK_MS = 200
const SILENT: Log = { info() {}, warn() {}, error() {} }

const OPTIONS = {
  exchange: SOURCE_OPTIONS.exchange,
  symbol: { type: 'string', value: 'A', help: 'market, like BTCUSDT or BTC-USD' },
  from: { type: 'string', value: 'ID', help: "the exchange's number of the first trade" },
  to: { type: 'string', value: 'ID', help: 'the number of the last trade' },
  since: {
    type: 'string',
    value: 'TIME',
    help: 'a time before the first trade, like 2026-11-20T10:00:00Z; Kraken needs it',
  },
  stream: SOURCE_OPTIONS.stream,
  rest: SOURCE_OPTIONS.rest,
  data: DATA_OPTION,
  ...KAFKA_OPTIONS,
  json: JSON_OPTION,
  quiet: QUIET_OPTION,
} as const satisfies Options

export const fill = command({
  name: 'fill',
  usage:
    '--exchange X --symbol A --from ID --to ID [--since TIME] [--data DIR | --brokers HOST:PORT,…] [--json] [--quiet]',
  options: OPTIONS,
  async run(values) {
    const { exchange, venue, stream } = sourceOf(values)
    const { symbol, from, to, since } = wanted(values)
    const needsTime = venue.rest.history?.needsTime === true
    if (!venue.rest.history) throw new BadInput(`${exchange.name} has no history of trades to ask for.`)
    if (needsTime && since === undefined)
      throw new BadInput(`${exchange.name} finds trades by their time: give --since, a time before the first of them.`)
    const timers = systemTimers()
    const http = fetchHttp()
    const [pair] = await findPairs(exchange.name, [symbol], venue, { http, timers, log: SILENT })
    const target = await targetOf(values)
    try {
      const search = startFill(
        {
          ...{
            exchange: exchange.name,
            venue,
            pair,
            stream,
            from,
            to,
            since: since ?? 0n,
            schemaIds: target.schemaIds,
          },
          topics: { trades: topicName(exchange.name), gaps: FEED_GAPS_TOPIC },
          metrics: createFeedMetrics(new Registry(), exchange.name),
        },
        { timers, http, sink: target.sink, log: target.log },
      )
      void askedToEnd().then(search.stop)
      const all = to - from + 1
      await withProgress(values, told => {
        let over = false
        let cancel = () => {}
        told.begin(`Trades of ${pair.symbol}`, 'number', all)
        const look = () => {
          told.at(all - search.left, all)
          if (!over) cancel = timers.after(LOOK_MS, look)
        }
        look()
        return search.done.finally(() => {
          over = true
          cancel()
        })
      })
      if (values.json)
        console.log(
          JSON.stringify({
            ...{ exchange: exchange.name, symbol: pair.symbol, from, to },
            ...{ found: search.found, left: search.left },
          }),
        )
      else {
        console.log(
          `${exchange.name} ${pair.symbol} ${from}-${to}: ${formatCount(search.found)} of ${formatCount(all)} trades found and stored${search.left > 0 ? `; ${formatCount(search.left)} were not looked for to the end` : ''}.`,
        )
        if (search.found < all)
          console.log('The table feed_gaps says what became of the others: absent, lost or unreadable.')
      }
      return search.left > 0 ? 1 : 0
    } finally {
      await target.close()
    }
  },
})

function wanted(values: Values<typeof OPTIONS>) {
  const { symbol } = values
  if (symbol === undefined || values.from === undefined || values.to === undefined)
    throw new BadInput('Say which trades: --symbol BTCUSDT --from ID --to ID.')
  const from = parseNumber('from', values.from, 0, true)
  const to = parseNumber('to', values.to, 0, true)
  if (to < from) throw new BadInput(`--to ${to} is below --from ${from}.`)
  return { symbol, from, to, since: optional(values.since, text => parseTime('since', text)) }
}

interface Target {
  readonly sink: RecordSink
  readonly schemaIds: SchemaIds
  readonly log: Log
  close(): Promise<void>
}

/** Kafka where brokers are named, a lake in a folder otherwise. */
async function targetOf(values: Values<typeof OPTIONS>): Promise<Target> {
  if (values.brokers !== undefined) {
    const log: Log = { ...SILENT, warn: (message, { problem }) => console.error(`${message}: ${problem}`) }
    const sink = kafkaSink(await kafkaOf(values.brokers))
    const schemaIds = await schemaIdsOf({ ...schemasOf(values), log })
    return { sink, schemaIds, log, close: sink.close }
  }
  const lake = await openLake(values.data)
  const log = createLogFile(lake.directory, systemClock())
  return {
    sink: lakeSink(lake, () => {}),
    schemaIds: BUNDLED_IDS,
    log,
    async close() {
      log.close()
      lake.close()
    },
  }
}
