/** `GET /v1/replay`: recorded trades and candles, paced by their times. */
import type { Context } from 'hono'
import { candleTable, GOLD_TABLE } from '../../domain/tables.ts'
import { TIMEFRAMES } from '../../domain/timeframes.ts'
import { inTurns } from '../http/turns.ts'
import { CURRENT, requireSnapshot, type Snapshots, snapshotsIn } from '../market/as-of.ts'
import { candleTablesIn, candleTablesOf } from '../market/candle-pages.ts'
import { digestOf } from '../market/cursors.ts'
import { chooseMarkets, DAILY, marketsBy, named } from '../market/markets.ts'
import { type Parameters, parametersOf } from '../market/parameters.ts'
import { problem } from '../market/problems.ts'
import type { MarketOptions, Route } from '../market/route.ts'
import { openTogether } from '../market/together.ts'
import { answerMessages, framingIn, liveOf, STREAM_TYPES } from './answer.ts'
import { channelsIn } from './channels.ts'
import { isOver, type Replay, type ReplayPosition, replay } from './replay.ts'

const PARAMETERS = [
  'symbols',
  'exchanges',
  'start',
  'end',
  'channels',
  'timeframe',
  'speed',
  'cursor',
  'format',
] as const
/** What may change when a replay goes on. */
const NOT_OF_THE_QUERY = ['cursor', 'speed', 'format']
/** An exchange's clock may be ahead of ours by as much. */
const FAR_AHEAD = 60_000_000n
const MOST_SPEED = 1e9

export const REPLAY: Route = {
  ...{ method: 'get', path: '/replay', parameters: PARAMETERS, stream: STREAM_TYPES },
  summary: 'Recorded trades and candles of one snapshot in the order of time, paced by their times; by WebSocket too.',
  answer,
}

async function answer(context: Context, options: MarketOptions): Promise<Response> {
  const { ports } = options
  const live = liveOf(options)
  const query = new URL(context.req.url).searchParams
  const read = parametersOf(query, PARAMETERS)
  const framing = framingIn(context, read)
  const { isTrades, windows } = channelsIn(read)
  const speed = speedIn(read)
  const range = read.range()
  if (range.start === undefined)
    throw problem(400, 'start is missing: give the time that the replay begins at.', 'start')
  const cursor = cursorIn(read.text('cursor') ?? context.req.header('last-event-id'), digestOf(query, NOT_OF_THE_QUERY))
  const begun = cursor?.begun ?? BigInt(ports.clock.now()) * 1000n
  const end = cursor?.to ?? range.end ?? begun
  const opened = await openTogether(ports, [...candleTablesOf(windows), ...[DAILY, ...(isTrades ? [GOLD_TABLE] : [])]])
  const [exchanges, symbols] = [read.codes('exchanges'), read.codes('symbols')]
  const known = await marketsBy(ports, opened.get(DAILY.name), CURRENT)
  const markets = chooseMarkets(known, exchanges, symbols)
  const table = opened.get(GOLD_TABLE.name)
  const tables = candleTablesIn(opened, windows)
  const snapshots = cursor?.snapshots ?? snapshotsIn(CURRENT, [...tables.values(), ...(table ? [table] : [])])
  const goldId = snapshots[GOLD_TABLE.name]
  for (const each of [...tables.values(), ...(table ? [table] : [])])
    if (snapshots[each.name] !== undefined) requireSnapshot(each, snapshots[each.name])
  const to = end < begun + FAR_AHEAD ? end : begun + FAR_AHEAD
  const wanted: Replay = {
    ...{ markets, isTraded: named(exchanges, symbols), windows, tables, snapshots, begun, to, speed },
    gold: table && goldId !== undefined ? { table, snapshotId: goldId } : undefined,
    from: range.start,
    after: cursor?.after,
    cursor: cursorPrefix(digestOf(query, NOT_OF_THE_QUERY), begun, to, snapshots),
  }
  // A browser's EventSource does not come again after it.
  if (wanted.after && isOver(wanted, wanted.after)) return context.body(null, 204)
  const reading = { store: ports.store, state: ports.state, timers: live.timers }
  return answerMessages(context, live, (kind, signal) => inTurns(replay(reading, wanted, kind, signal)), {
    framing,
    isLive: false,
  })
}

function speedIn(read: Parameters): number {
  const text = read.text('speed') ?? '1'
  if (text === 'max') return Number.POSITIVE_INFINITY
  const speed = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) : 0
  if (!(speed > 0 && speed <= MOST_SPEED))
    throw problem(400, `speed is ${text}: give a number above 0, as 1, 10 or 0.5, or max.`, 'speed')
  return speed
}

/** The tables that a replay may be of, in the order in which its cursors name their snapshots. */
const TABLES = [GOLD_TABLE.name, ...TIMEFRAMES.map(timeframe => candleTable(timeframe).name)]

function cursorPrefix(digest: string, begun: bigint, to: bigint, snapshots: Snapshots): string {
  const ids = TABLES.map(name => snapshots[name]?.toString(36) ?? '')
  return ['r1', digest, begun.toString(36), to.toString(36), ids.join('~')].join('.')
}

interface ReplayCursor {
  readonly begun: bigint
  readonly to: bigint
  readonly snapshots: Snapshots
  readonly after: ReplayPosition
}

/** @throws Problem 400 where it is none, or another query's */
function cursorIn(text: string | undefined, digest: string): ReplayCursor | undefined {
  if (text === undefined || text === '') return undefined
  const parts = text.split('.')
  const [version, asked, begun, to, ids, time, count] = parts
  const isCursor = version === 'r1' && parts.length === 7 && parts.every(part => /^[\w~-]*$/.test(part))
  const [begunAt, end] = [begun, to].map(part => Number.parseInt(part ?? '', 36))
  const [at, given] = [time, count].map(part => (/^\d+$/.test(part ?? '') ? Number(part) : Number.NaN))
  if (!isCursor || ![begunAt, end, at, given].every(Number.isSafeInteger))
    throw problem(400, 'The cursor is none that this gave: take it from a message.', 'cursor')
  if (asked !== digest)
    throw problem(400, 'The cursor is of another query: give it with the parameters that it came from.', 'cursor')
  const named = ids.split('~').map(id => Number.parseInt(id, 36))
  return {
    begun: BigInt(begunAt),
    to: BigInt(end),
    snapshots: Object.fromEntries(TABLES.flatMap((name, i) => (Number.isNaN(named[i]) ? [] : [[name, named[i]]]))),
    after: { time: at, count: given },
  }
}
