/** Connections of Binance's WebSocket streams. Source: Binance "WebSocket Streams", "General WSS information". */
import type { Context } from 'hono'
import type { Connection } from '../../domain/server-ports.ts'
import { runSession } from '../live/answer.ts'
import type { Live } from '../live/live.ts'
import { problem } from '../market/problems.ts'
import { parametersOf } from './parameters.ts'
import { codeOf, illegal, invalidTimeUnit } from './refusals.ts'
import { errorText } from './stream-commands.ts'
import { inMicroseconds, inMilliseconds, type TimeOf } from './stream-events.ts'
import { createFeeds } from './stream-feeds.ts'
import { namesIn } from './stream-names.ts'
import { type SessionLake, sessionSource } from './stream-session.ts'

/** `/ws/<stream>/<stream>`, `/ws`, or `/stream?streams=<stream>/<stream>`. @throws Refusal; Problem 400; Corrupt */
export async function openStreams(context: Context, lake: SessionLake): Promise<Response> {
  const { upgrade }: Connection = context.env ?? {}
  const { pathname, searchParams } = new URL(context.req.url)
  const isCombined = pathname.endsWith('/stream')
  const read = parametersOf(searchParams, isCombined ? ['streams', 'timeUnit'] : ['timeUnit'])
  const timeOf = timeIn(read.text('timeUnit') ?? 'MILLISECOND')
  if (!upgrade) throw problem(400, noSocket(lake.live))
  const feeds = createFeeds(lake)
  await feeds.subscribe(namesIn(isCombined ? (read.text('streams') ?? '') : pathOf(pathname)))
  upgrade(socket =>
    runSession(context, lake.live, sessionSource(lake, feeds, socket, { isCombined, timeOf }), socket, {
      isLive: true,
      textOf: told => errorText({ code: codeOf(told, told.status), message: told.message }),
    }),
  )
  return context.body(null, 204)
}

function timeIn(unit: string): TimeOf {
  const named = unit === unit.toLowerCase() ? unit.toUpperCase() : unit
  if (named !== 'MICROSECOND' && named !== 'MILLISECOND') throw invalidTimeUnit()
  return named === 'MICROSECOND' ? inMicroseconds : inMilliseconds
}

/** What stands behind `/ws`. */
function pathOf(pathname: string): string {
  try {
    return decodeURIComponent(pathname.replace(/^.*?\/ws(?=\/|$)/, ''))
  } catch {
    throw illegal('stream', '<symbol>@<stream>')
  }
}

function noSocket({ isStreaming }: Live): string {
  return isStreaming
    ? 'Streams are WebSockets: connect with ws:// in the place of http://.'
    : 'Answers that go on are not given here: ask /v1/stream again and again with wait=20 and the last cursor.'
}
