/** The answer to a request for messages: a WebSocket where one was asked for, else a body that goes on. */
import type { Context } from 'hono'
import type { Connection, ServerSocket } from '../../domain/server-ports.ts'
import type { Access } from '../access.ts'
import { asProblem } from '../market/failures.ts'
import type { Parameters } from '../market/parameters.ts'
import { problem } from '../market/problems.ts'
import type { MarketOptions } from '../market/route.ts'
import { whileAdmitted } from './admitted.ts'
import type { Live } from './live.ts'
import type { Framing } from './messages.ts'
import { bodyOf, runSocket, type SinkOptions, type Source } from './sinks.ts'

const MEDIA: Readonly<Record<'events' | 'lines', string>> = {
  events: 'text/event-stream',
  lines: 'application/x-ndjson',
}

/** Media types of answers that go on. */
export const STREAM_TYPES = Object.values(MEDIA)

/** @throws Problem 404 where this server has no such answers */
export function liveOf({ live }: Pick<MarketOptions, 'live'>): Live {
  if (!live) throw problem(404, 'Answers that go on are not given here: ask tradelake serve.')
  return live
}

/** By `format`, else by the header Accept: SSE unless JSON lines are asked for. @throws Problem 400 */
export function framingIn(context: Context, read: Parameters): 'events' | 'lines' {
  const wanted = context.req.header('accept')?.includes(MEDIA.lines) ? 'ndjson' : 'sse'
  return read.choice('format', ['sse', 'ndjson'], wanted) === 'sse' ? 'events' : 'lines'
}

/** `isLive`: a client that does not keep up is cut. @throws Problem 400 where bodies cannot go on */
export function answerMessages(
  context: Context,
  live: Live,
  source: Source,
  { framing, isLive }: { readonly framing: Exclude<Framing, 'frames'>; readonly isLive: boolean },
): Response {
  const { timers, log, slowMs = SLOW_MS } = live
  const told = (error: unknown) => asProblem(context, log, error)
  const options = { timers, asProblem: told, slowMs: isLive ? slowMs : undefined }
  const connection: Connection = context.env ?? {}
  if (connection.upgrade) {
    connection.upgrade(socket => runSession(context, live, source, socket, { isLive }))
    return context.body(null, 204)
  }
  if (!live.isStreaming)
    throw problem(
      400,
      'Answers that go on are not given here: ask again and again with wait=20 and the last cursor.',
      'wait',
    )
  return context.body(bodyOf(whileAdmitted(source, timers, accessIn(context)), framing, options, connection), 200, {
    'content-type': MEDIA[framing],
    'cache-control': 'no-cache, no-transform',
    'x-accel-buffering': 'no',
  })
}

/** Sends through a WebSocket what the source makes. `textOf`: the last message of what fails. */
export function runSession(
  context: Context,
  { timers, log, slowMs = SLOW_MS }: Live,
  source: Source,
  socket: ServerSocket,
  { isLive, textOf }: { readonly isLive: boolean } & Pick<SinkOptions, 'textOf'>,
): void {
  const told = (error: unknown) => asProblem(context, log, error)
  const options = { timers, asProblem: told, slowMs: isLive ? slowMs : undefined, textOf }
  void runSocket(whileAdmitted(source, timers, accessIn(context)), socket, options)
}

const accessIn = (context: Context): Access | undefined => context.get('access')

const SLOW_MS = 30_000
