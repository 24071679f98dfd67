/**
 * One connection from its opening to its end: connects, subscribes, is live when everything is confirmed, stays so while
 * frames come, and ends once, with a cause.
 */
import type { Sockets, Timers } from '../domain/feed-ports.ts'
import type { Pair } from '../domain/pairs.ts'
import type { Control, StreamApi, StreamKind } from './protocol.ts'
import { createTimeouts } from './timeouts.ts'

/** Why a connection ended; labels of a metric, so a closed list. */
export const END_CAUSES = [
  'connect_failed',
  'connect_timeout',
  'subscribe_timeout',
  'subscribe_refused',
  'closed_by_exchange',
  'broken',
  'stale',
  'rotation',
  'shutdown_notice',
  'memory',
  'market_retry',
  'back_pressure',
  'stopped',
] as const
export type EndCause = (typeof END_CAUSES)[number]

export interface ConnectionEvents {
  /** Everything that was subscribed to is confirmed. */
  live(): void
  /** A frame came; gives what it says where it holds no trade. */
  frame(text: string): Control | undefined
  /** The exchange does not serve this market; the others go on. */
  refused(symbol: string, problem: string): void
  /** The exchange asks for a new connection in place of this one. */
  replace(): void
  /** Called once, last. `problem` is for people. */
  ended(cause: EndCause, problem: string): void
}

export interface ConnectionOptions {
  readonly url: string
  readonly api: StreamApi
  readonly pairs: readonly Pair[]
  readonly stream: StreamKind
  /** A live connection without any frame or ping for this long is stale. */
  readonly staleMs: number
  /** Messages a second that the exchange accepts. */
  readonly messagesPerSecond: number
  readonly timers: Timers
  readonly sockets: Sockets
}

export interface Connection {
  readonly url: string
  /** The markets that it has been asked for and that have not been refused. */
  readonly pairs: readonly Pair[]
  /** By the steady clock, milliseconds; undefined before. */
  readonly liveSince: number | undefined
  /** When the last frame came, milliseconds since 1970; when the connection began, where none has. */
  readonly lastFrame: number
  /** Ends it; `ended` is called at once with this cause. */
  end(cause: EndCause, problem: string): void
}

const CONNECT_MS = 10_000
const SUBSCRIBE_MS = 15_000

export function openConnection(options: ConnectionOptions, events: ConnectionEvents): Connection {
  const { url, api, timers, staleMs } = options
  const timeouts = createTimeouts(timers)
  /** What has not been refused. */
  let pairs = options.pairs
  let confirmations = api.confirmations(pairs)
  let opened = false
  let liveSince: number | undefined
  let lastFrame = timers.now()
  /** When the exchange last showed that it is there, by the steady clock. */
  let lastSign = timers.steady()
  let over = false

  const socket = options.sockets.connect(api.address(url, pairs, options.stream), {
    open() {
      if (over) return socket.close()
      opened = true
      lastFrame = timers.now()
      lastSign = timers.steady()
      subscribe()
      if (confirmations === 0) goLive()
      else
        timeouts.after(
          SUBSCRIBE_MS,
          () => liveSince ?? end('subscribe_timeout', `no confirmation for ${SUBSCRIBE_MS} ms`),
        )
    },
    message(text) {
      if (over) return
      lastFrame = timers.now()
      lastSign = timers.steady()
      const control = events.frame(text)
      if (control) take(control)
    },
    pinged() {
      lastSign = timers.steady()
    },
    closed(code, reason) {
      const said = reason === '' ? `code ${code}` : `code ${code}, ${reason}`
      end(!opened ? 'connect_failed' : code === 1006 ? 'broken' : 'closed_by_exchange', said)
    },
  })
  timeouts.after(CONNECT_MS, () => opened || end('connect_timeout', `no connection within ${CONNECT_MS} ms`))

  /** At the pace that the exchange allows. */
  function subscribe(): void {
    const pace = 1000 / options.messagesPerSecond
    for (const [index, message] of api.subscriptions(pairs).entries()) {
      if (index === 0) socket.send(message)
      else timeouts.after(index * pace, () => socket.send(message))
    }
  }

  function goLive(): void {
    liveSince = timers.steady()
    events.live()
    watch()
    if (api.ping) keepAlive(api.ping)
  }

  function watch(): void {
    const silent = timers.steady() - lastSign
    if (silent >= staleMs) end('stale', `no message for ${Math.round(silent)} ms`)
    else timeouts.after(staleMs - silent, watch)
  }

  function keepAlive(ping: NonNullable<StreamApi['ping']>): void {
    timeouts.after(ping.everyMs, () => {
      socket.send(ping.text)
      keepAlive(ping)
    })
  }

  function take(control: Control): void {
    if (control.kind === 'subscribed' && liveSince === undefined && --confirmations <= 0) goLive()
    if (control.kind === 'refused') refused(control)
    if (control.kind === 'shutdown') events.replace()
    // A live connection goes on after an error: it concerns one request, or is followed by a close.
    if (control.kind === 'error' && liveSince === undefined) end('subscribe_refused', control.problem)
  }

  function refused({ symbol, problem, again }: Extract<Control, { kind: 'refused' }>): void {
    const left = pairs.filter(pair => pair.symbol !== symbol)
    if (liveSince !== undefined || left.length === pairs.length) return
    pairs = left
    events.refused(symbol, problem)
    if (left.length === 0) end('subscribe_refused', problem)
    else if (again) {
      confirmations = api.confirmations(left)
      subscribe()
    } else if (--confirmations <= 0) goLive()
  }

  function end(cause: EndCause, problem: string): void {
    if (over) return
    over = true
    timeouts.cancelAll()
    socket.close()
    events.ended(cause, problem)
  }

  return {
    url,
    get pairs() {
      return pairs
    },
    get liveSince() {
      return liveSince
    },
    get lastFrame() {
      return lastFrame
    },
    end,
  }
}
