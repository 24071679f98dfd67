/** A client's connection to a simulated exchange: what it gets through the protocol, and what faults do to it. */
import type { Timers } from '../../domain/feed-ports.ts'
import { mix } from '../random.ts'
import { createTimeouts } from '../timeouts.ts'
import type { MarketTrade } from './market.ts'
import { createOutbox, type Outbox } from './outbox.ts'
import type { Timeline } from './timeline.ts'
import type { Fault, Line, Peer, Protocol, Talk } from './types.ts'

export interface Connection {
  readonly talk: Talk
  readonly outbox: Outbox
  readonly line: Line
  isOpen(): boolean
  drop(): void
  /** Forgets it without a message to the other side. */
  end(): void
}

/** Binance gives 10 minutes' notice; here it is seconds, so that a short run sees the end of it. */
const SHUTDOWN_NOTICE_MS = 5_000
/** What a proxy in front of an exchange answers with. */
const NO_JSON = '<html><head><title>502 Bad Gateway</title></head></html>'

interface Surroundings {
  readonly timers: Timers
  readonly timeline: Timeline
  /** Runs before each of the protocol's timers. */
  before(): void
  onEnd(connection: Connection): void
}

export function openConnection(protocol: Protocol, path: string, peer: Peer, around: Surroundings): Connection {
  const { timers, timeline } = around
  const timeouts = createTimeouts(timers)
  let isOpen = true
  let connection: Connection | undefined
  const outbox = createOutbox(timers, text => peer.send(text), {
    isSilent: () => timeline.during('silent') !== undefined,
    delay: () => timeline.during('slow')?.delay ?? 0,
  })

  function end(): void {
    if (!isOpen) return
    isOpen = false
    timeouts.cancelAll()
    outbox.end()
    // The protocol may refuse the connection at once.
    if (connection) around.onEnd(connection)
  }

  const line: Line = {
    send: outbox.send,
    ping: () => !timeline.during('silent') && peer.ping(),
    close(code, reason) {
      end()
      peer.close(code, reason)
    },
    after: (milliseconds, run) =>
      timeouts.after(milliseconds, () => {
        around.before()
        if (isOpen) run()
      }),
  }
  connection = {
    talk: protocol.connect(path, line),
    outbox,
    line,
    isOpen: () => isOpen,
    drop() {
      end()
      peer.drop()
    },
    end,
  }
  return connection
}

/** Does what a fault does to a connection in one moment. `last` is the last trade that was sent. */
export function strike(connection: Connection, fault: Fault, last: MarketTrade | undefined): void {
  const { line, talk, outbox } = connection
  const roll = mix(fault.at)
  switch (fault.kind) {
    case 'drop':
      connection.drop()
      break
    case 'close':
      line.close(fault.code, 'simulated')
      break
    case 'server-shutdown': {
      const notice = talk.shutdownNotice()
      if (notice !== undefined) line.send(notice)
      line.after(SHUTDOWN_NOTICE_MS, () => line.close(1012, 'service restart'))
      break
    }
    case 'truncated-frame':
      outbox.cutNext(roll / 0x1_0000_0000)
      break
    case 'malformed-frame':
      line.send(last && roll % 2 === 1 ? talk.malformedFrame(last) : NO_JSON)
      break
    case 'error-frame':
      line.send(talk.errorFrame())
      break
    case 'unknown-frame':
      line.send(talk.unknownFrame())
      break
  }
}
