/** `GET /v1/stream`: trades as Gold commits them, and candles as they change; or, with `wait`, what has come since a cursor. */
import type { Context } from 'hono'
import { candleTable, GOLD_TABLE, type TableDefinition } from '../../domain/tables.ts'
import { TIMEFRAMES, type Timeframe } from '../../domain/timeframes.ts'
import { digestOf } from '../market/cursors.ts'
import { chooseMarkets, marketsOf } from '../market/markets.ts'
import { parametersOf } from '../market/parameters.ts'
import { problem } from '../market/problems.ts'
import type { MarketOptions, Route } from '../market/route.ts'
import { answerMessages, framingIn, liveOf, STREAM_TYPES } from './answer.ts'
import { channelsIn } from './channels.ts'
import type { Live } from './live.ts'
import { type Chunk, eachMessage } from './messages.ts'
import type { Source } from './sinks.ts'
import { currentId, stepsAfter, stepTo } from './steps.ts'
import { type Channel, type ChannelPosition, positionText, type Stream, stream } from './stream.ts'
import { waitFor } from './waits.ts'

const PARAMETERS = ['symbols', 'exchanges', 'channels', 'timeframe', 'cursor', 'wait', 'format'] as const
const NOT_OF_THE_QUERY = ['cursor', 'wait', 'format']
const MOST_WAIT_SECONDS = 20

/** What `wait` gives, as JSON Schema. */
const ANSWERED_ONCE = {
  type: 'object',
  required: ['data', 'next'],
  properties: { data: { type: 'array', items: { type: 'object' } }, next: { type: 'string' } },
}

export const STREAM: Route = {
  ...{ method: 'get', path: '/stream', parameters: PARAMETERS, stream: STREAM_TYPES, body: ANSWERED_ONCE },
  summary: 'Live trades as Gold commits them, and candles as they change; by WebSocket too.',
  answer,
}

async function answer(context: Context, options: MarketOptions): Promise<Response> {
  const { ports } = options
  const live = liveOf(options)
  const { timers, follower } = live
  const query = new URL(context.req.url).searchParams
  const read = parametersOf(query, PARAMETERS)
  const framing = framingIn(context, read)
  const { isTrades, windows } = channelsIn(read)
  const [exchanges, symbols] = [read.codes('exchanges'), read.codes('symbols')]
  // A name that there is not is refused; a market that begins later comes where nothing was named.
  const markets = chooseMarkets(await marketsOf(ports), exchanges, symbols)
  const isAll = exchanges.length === 0 && symbols.length === 0
  const wanted = [
    ...(isTrades ? [{ table: GOLD_TABLE, windows: undefined }] : []),
    ...windows.map(each => ({ table: candleTableOf(each.base), windows: each })),
  ]
  const prefix = `s1.${digestOf(query, NOT_OF_THE_QUERY)}`
  const known = context.req
    .header('if-none-match')
    ?.trim()
    .replace(/^(?:W\/)?"(.*)"$/, '$1')
  const cursor = positionsIn(read.text('cursor') ?? context.req.header('last-event-id') ?? known, prefix, wanted.length)
  const channels = await Promise.all(
    wanted.map(async (each, place): Promise<Channel> => {
      const table = await follower.open(each.table)
      const position = cursor?.[place] ?? { base: currentId(table) }
      // What has expired is told now, by the status.
      if (position.partly) stepTo(table, position.base, position.partly.target, follower.remembered)
      else stepsAfter(table, position.base, follower.remembered)
      return { ...each, position }
    }),
  )
  const asked: Stream = { channels, cursor: prefix, market: key => isAll || markets.has(key) }
  const source: Source = (kind, signal) =>
    stream({ store: ports.store, state: ports.state, timers, follower }, asked, kind, signal)
  if (read.text('wait') === undefined) return answerMessages(context, live, source, { framing, isLive: true })
  return answerOnce(context, live, source, asked, read.count('wait', 1, MOST_WAIT_SECONDS) * 1000)
}

/** The messages that have come since the cursor, some 64 KB at most, or the first that come in time; 304 where none do and the header If-None-Match has the cursor. */
async function answerOnce(
  context: Context,
  { timers }: Live,
  source: Source,
  asked: Stream,
  waitMs: number,
): Promise<Response> {
  const over = new AbortController()
  const signal = AbortSignal.any([over.signal, context.req.raw.signal])
  const chunks = source('frames', signal)
  const waited = waitFor(timers, waitMs, signal)
  const found = await Promise.race([firstNews(chunks), waited])
  over.abort()
  await chunks.return(undefined)
  const messages = (found ?? []).map(message => message.toString())
  const last = messages.at(-1)
  const next: string = last === undefined ? cursorText(asked) : JSON.parse(last).cursor
  const headers = { etag: `"${next}"`, 'cache-control': 'no-cache' }
  if (messages.length === 0 && context.req.header('if-none-match')) return context.body(null, 304, headers)
  return context.body(`{"data":[${messages.join(',')}],"next":${JSON.stringify(next)}}`, 200, {
    ...headers,
    'content-type': 'application/json',
  })
}

/** Messages of the first chunk that has any besides heartbeats. */
async function firstNews(chunks: AsyncGenerator<Chunk>): Promise<Buffer[] | undefined> {
  for await (const chunk of { [Symbol.asyncIterator]: () => ({ next: () => chunks.next() }) }) {
    const news = [...eachMessage(chunk)]
      .map(message => Buffer.from(message))
      .filter(message => !message.includes(HEARTBEAT))
    if (news.length > 0) return news
  }
  return undefined
}

const HEARTBEAT = '{"type":"heartbeat"'

const CANDLE_TABLES = new Map(TIMEFRAMES.map(timeframe => [timeframe, candleTable(timeframe)]))

/** The same for all who ask: who follows a table is told by it. */
export function candleTableOf(timeframe: Timeframe): TableDefinition {
  return CANDLE_TABLES.get(timeframe) ?? candleTable(timeframe)
}

const cursorText = ({ cursor, channels }: Stream) =>
  [cursor, ...channels.map(({ position }) => positionText(position))].join('.')

/** @throws Problem 400 where it is none, or another query's */
function positionsIn(text: string | undefined, prefix: string, channels: number): ChannelPosition[] | undefined {
  if (text === undefined || text === '') return undefined
  const [version, digest, ...parts] = text.split('.')
  if (version !== 's1' || !parts.every(part => /^[\da-z]{1,11}(?:~[\da-z]{1,11}~[\da-z]{1,11})?$/.test(part)))
    throw problem(400, 'The cursor is none that this gave: take it from a message.', 'cursor')
  if (`${version}.${digest}` !== prefix || parts.length !== channels)
    throw problem(400, 'The cursor is of another query: give it with the parameters that it came from.', 'cursor')
  return parts.map(part => {
    const [base, target, given] = part.split('~').map(number => Number.parseInt(number, 36))
    return target === undefined ? { base } : { base, partly: { target, given } }
  })
}
