/**
 * One simulated exchange: its connections, and the trades that go out when their time comes. Everything that happens is a
 * function of the options, the faults, and what clients do when.
 */
import type { Timers } from '../../domain/feed-ports.ts'
import { writeAmount, writeOddly } from './amounts.ts'
import { type Connection, openConnection, strike } from './connection.ts'
import { createDisorder } from './disorder.ts'
import { ordinaryFaults } from './faults.ts'
import { json } from './http.ts'
import { createLedger, NO_NUMBER } from './ledger.ts'
import type { MarketTrade, SimulatedMarket } from './market.ts'
import { loggedTrades, tradeLists } from './record.ts'
import { createTimeline } from './timeline.ts'
import type { Book, Fault, LoggedTrade, Protocol, SimulatedExchange } from './types.ts'

/** A number as JSON and as text, beyond any table. */
const UNREADABLE = '9e99'
/** How often it is looked whether there is something to do when there are no trades to come. */
const IDLE_MS = 1_000

/** Trades go out in slots of this length: not one by one, and not in one burst a tick. */
const SLOT_MS = 20

export interface ExchangeOptions {
  readonly name: string
  readonly code: string
  readonly market: SimulatedMarket
  readonly timers: Timers
  readonly protocol: (book: Book) => Protocol
  /** Share of trades, of 1, that break a rule. */
  readonly invalidShare: number
  /** Mild faults of each minute on average, besides those that are added. */
  readonly faultsPerMinute: number
}

export interface RunningExchange extends SimulatedExchange {
  addFault(fault: Fault): void
  /** From now on there are no new trades. Connections, heartbeats and REST go on. */
  endTrading(): void
  /** Drops all connections and sends nothing any more. */
  stop(): void
}

export function createExchange(options: ExchangeOptions): RunningExchange {
  const { name, code, market, timers } = options
  const slotMs = () => Math.floor(timers.now() / SLOT_MS) * SLOT_MS
  const ledger = createLedger(market, options.invalidShare)
  const timeline = createTimeline(timers, slotMs, ledger.begin, minute =>
    ordinaryFaults(market.salt, name, options.faultsPerMinute, minute),
  )
  const disorder = createDisorder()
  const connections = new Set<Connection>()
  let endOfTrading = Number.POSITIVE_INFINITY
  let stopped = false
  let cancelPump: (() => void) | undefined
  /** The tick that holds the next trades to go out, and which of its trades are left. */
  let tick = 0
  let left: MarketTrade[] = []

  const now = () => Math.min(slotMs() * 1000, endOfTrading)
  /** Up to when the history of REST has trades. */
  const known = () => Math.min(now(), (slotMs() - (timeline.during('lagging-history')?.by ?? 0)) * 1000)

  /**
   * Up to `limit` trades as REST shows them; `find` looks for this many of the market's, `from` the begin or the end.
   */
  function history(number: number, limit: number, find: (limit: number) => MarketTrade[], from: 'begin' | 'end') {
    timeline.settle()
    const found = find(limit + ledger.lostOf(number)).filter(trade => ledger.fateOf(trade) !== 'lost')
    const wanted = from === 'begin' ? found.slice(0, limit) : found.slice(Math.max(0, found.length - limit))
    return wanted.map(ledger.show)
  }

  const book: Book = {
    instruments: market.instruments,
    now: () => slotMs() * 1000 + ledger.skewAt(slotMs() * 1000),
    fromId: (number, id, limit) => history(number, limit, more => market.fromId(number, id, more, known()), 'begin'),
    beforeId: (number, id, limit) => {
      const end = Math.min(id, market.nextId(number, known()))
      const find = (more: number) => market.fromId(number, end - more, more, known()).filter(trade => trade.id < end)
      return history(number, limit, find, 'end')
    },
    after: (number, micros, limit) =>
      history(number, limit, more => market.after(number, micros, more, known()), 'begin'),
    last: (number, limit) => history(number, limit, more => market.last(number, more, now()), 'end'),
    isListed: number => timeline.during('delisted')?.symbol !== market.instruments[number].symbol,
    isStreamed: trade => ledger.fateOf(trade) === 'sent',
    amount(units, digits) {
      if (units <= NO_NUMBER) return UNREADABLE
      return timeline.during('odd-numbers') ? writeOddly(units) : writeAmount(units, digits)
    },
  }
  const protocol = options.protocol(book)

  /** Sends what is due in this slot, and comes again in the next one while anybody listens. */
  function pump(): void {
    flush()
    cancelPump = connections.size > 0 ? timers.after(untilNext(), pump) : undefined
  }

  function flush(): void {
    timeline.settle()
    const due = takeUpTo(now())
    for (const fault of timeline.takeDeeds()) act(fault)
    send(disorder.reorder(due.filter(book.isStreamed), now()))
  }

  /** Milliseconds to the slot of the next trade or fault, or of the next tick where neither is in this one. */
  function untilNext(): number {
    const nextTrade = left[0]?.sentAt ?? market.startOf(tick + 1)
    const nextMs = nextTrade <= endOfTrading ? nextTrade / 1000 : slotMs() + IDLE_MS
    const next = Math.min(nextMs, timeline.nextAt())
    return Math.max(Math.ceil(next / SLOT_MS) * SLOT_MS, slotMs() + SLOT_MS) - timers.now()
  }

  function takeUpTo(micros: number): MarketTrade[] {
    const due: MarketTrade[] = []
    for (;;) {
      const later = left.findIndex(({ sentAt }) => sentAt > micros)
      for (const trade of left.splice(0, later === -1 ? left.length : later)) due.push(trade)
      if (later !== -1 || tick >= market.tickOf(micros)) return due
      left = market.tick(++tick)
    }
  }

  function send(trades: readonly MarketTrade[]): void {
    if (trades.length === 0) return
    const shown = trades.map(ledger.show)
    for (const { talk, outbox } of connections) outbox.trades(talk.frames(shown))
  }

  function act(fault: Fault): void {
    if (fault.kind === 'repeat') send(lastStreamed(fault.trades))
    else if (fault.kind === 'out-of-order') disorder.begin(fault.trades)
    else {
      const [last] = lastStreamed(1)
      for (const connection of [...connections]) strike(connection, fault, last)
    }
  }

  /** The last trades of all instruments together that streams sent. */
  function lastStreamed(count: number): MarketTrade[] {
    return market.instruments
      .flatMap((_, number) => market.last(number, count, now()))
      .filter(book.isStreamed)
      .sort((a, b) => a.sentAt - b.sentAt)
      .slice(-count)
  }

  /** Begins to send from now on. */
  function startPump(): void {
    if (cancelPump) return
    timeline.settle()
    timeline.takeDeeds()
    disorder.forget()
    tick = Math.max(0, market.tickOf(now()))
    left = market.tick(tick)
    takeUpTo(now())
    cancelPump = timers.after(untilNext(), pump)
  }

  function log(): LoggedTrade[] {
    timeline.settle()
    return loggedTrades(market, ledger, now())
  }

  return {
    name,
    refuses(path, host) {
      const refused = timeline.during('refuse')
      if (refused && (refused.host === undefined || refused.host === host))
        return { status: 503, reason: `${name} takes no connections` }
      return protocol.serves(path) ? undefined : { status: 404, reason: `${name} has no WebSocket at ${path}` }
    },
    accept(path, peer) {
      const connection = openConnection(protocol, path, peer, {
        timers,
        timeline,
        // Due trades go out before the exchange does anything else: a heartbeat never knows more than the stream.
        before: flush,
        onEnd: ended => connections.delete(ended),
      })
      if (stopped) connection.drop()
      if (connection.isOpen()) {
        connections.add(connection)
        startPump()
      }
      return {
        receive(text) {
          if (connection.isOpen()) flush()
          if (connection.isOpen()) connection.talk.receive(text)
        },
        gone: connection.end,
      }
    },
    get(path) {
      const limited = timeline.during('too-many-requests')
      const seconds = limited && Math.ceil((limited.at + limited.milliseconds - timers.now()) / 1000)
      const reply = limited
        ? json(protocol.tooManyRequests, 429, { 'retry-after': String(seconds) })
        : protocol.get(new URL(path, 'http://exchange'))
      return { ...reply, headers: { ...reply.headers, date: new Date(book.now() / 1000).toUTCString() } }
    },
    trades: () => tradeLists(log(), code, protocol),
    log,
    addFault(fault) {
      timeline.plan(fault)
      if (!cancelPump) return
      cancelPump()
      cancelPump = timers.after(untilNext(), pump)
    },
    endTrading() {
      endOfTrading = Math.min(endOfTrading, now())
    },
    stop() {
      stopped = true
      for (const connection of [...connections]) connection.drop()
      cancelPump?.()
      cancelPump = undefined
    },
  }
}
