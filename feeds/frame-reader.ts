/** Frames to trades and control messages. Faults of the exchange are always counted, and logged once a second at most. */
import { messageOf } from '../domain/errors.ts'
import type { Timers } from '../domain/feed-ports.ts'
import type { Log, LogFields } from '../domain/ports.ts'
import { type Decoder, type FeedTrade, MalformedFrame, type Unreadable } from './decoder.ts'
import { parseFrame } from './fields.ts'
import type { FeedMetrics } from './metrics.ts'
import type { Control, StreamApi } from './protocol.ts'

export interface FrameReaderOptions {
  readonly exchange: string
  readonly decoder: Decoder
  readonly api: StreamApi
  readonly metrics: FeedMetrics
  readonly timers: Pick<Timers, 'now' | 'steady'>
  readonly log: Log
}

export interface FrameEvents {
  trade(trade: FeedTrade): void
  /** The exchange sent a trade, or a whole frame, that cannot be read. */
  unreadable(trade: Unreadable): void
  /** The exchange says that its last trade of a symbol has this id. */
  reached(symbol: string, id: number): void
}

/** The same fault may repeat thousands of times a second. */
const COMPLAIN_MS = 1_000

/** Gives what a frame says where it holds no trade. */
export function createFrameReader(
  options: FrameReaderOptions,
  events: FrameEvents,
): (text: string) => Control | undefined {
  const { exchange, decoder, api, metrics, timers, log } = options
  let complained = Number.NEGATIVE_INFINITY

  function complain(what: string, fields: LogFields): void {
    if (timers.steady() - complained < COMPLAIN_MS) return
    complained = timers.steady()
    log.warn(what, { exchange, ...fields })
  }

  function understood(control: Control, text: string): Control {
    if (control.kind === 'heartbeat' && control.symbol !== undefined && control.lastId !== undefined)
      events.reached(control.symbol, control.lastId)
    if (control.kind === 'error') {
      metrics.exchangeError()
      complain('the exchange reports an error', { problem: control.problem })
    }
    if (control.kind === 'unknown') {
      metrics.unknownMessage()
      complain('a message of an unknown type', { frame: text.slice(0, 200) })
    }
    return control
  }

  return text => {
    metrics.messages(Buffer.byteLength(text))
    if (decoder.ignores?.has(text)) return { kind: 'heartbeat' }
    const receivedAt = BigInt(timers.now()) * 1000n
    let trades = 0
    let unread = 0
    const unreadable = (trade: Unreadable) => {
      unread++
      events.unreadable(trade)
    }
    try {
      const message = parseFrame(text)
      for (const trade of decoder.mapMessage(message, receivedAt, unreadable)) {
        trades++
        metrics.latency(Number(receivedAt - trade.timestamp) / 1e6)
        events.trade(trade)
      }
      if (trades > 0) return undefined
      return unread > 0 ? { kind: 'other' } : understood(api.control(message), text)
    } catch (error) {
      if (!(error instanceof MalformedFrame)) throw error
      unreadable({ problem: messageOf(error), raw: text, symbol: undefined, number: undefined })
      return { kind: 'other' }
    }
  }
}
