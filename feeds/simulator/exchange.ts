/**
 * One simulated exchange: connections, the trades that go out when their time comes, and the faults. Everything that
 * happens is a function of the options, the faults, and what clients do when.
 */
import type { Timers } from '../../domain/feed-ports.ts'
import type { Trade } from '../../domain/trade.ts'
import { tradeOf } from '../types.ts'
import { writeAmount, writeOddly } from './amounts.ts'
import { json } from './http.ts'
import { createLedger } from './ledger.ts'
import type { MarketTrade, SimulatedMarket } from './market.ts'
import { createOutbox, type Outbox } from './outbox.ts'
import type { Book, Fault, Line, Peer, Protocol, SimulatedExchange, Talk } from './types.ts'

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
}

export interface RunningExchange extends SimulatedExchange {
  addFault(fault: Fault): void
  /** From now on there are no new trades. Connections, heartbeats and REST go on. */
  endTrading(): void
  /** Drops all connections and sends nothing any more. */
  stop(): void
}

interface Connection {
  readonly peer: Peer
  readonly talk: Talk
  readonly outbox: Outbox
  isOpen(): boolean
  /** Forgets it; the other side is not told. */
  end(): void
}

export function createExchange(options: ExchangeOptions): RunningExchange {
  const { name, code, market, timers } = options
  const ledger = createLedger(market, options.invalidShare)
  const connections = new Set<Connection>()
  /** By when they begin. */
  const coming: Fault[] = []
  const acting: Fault[] = []
  const lasting: Extract<Fault, { milliseconds: number }>[] = []
  let endOfTrading = Number.POSITIVE_INFINITY
  let cancelPump: (() => void) | undefined
  let stopped = false
  /** The tick that holds the next trades to go out, and those of it that are left. */
  let tick = 0
  let left: MarketTrade[] = []

  const slotMs = () => Math.floor(timers.now() / SLOT_MS) * SLOT_MS
  const now = () => Math.min(slotMs() * 1000, endOfTrading)

  /** The faults that have begun: what they make of trades holds from then on, whoever looks. */
  function settle(): void {
    for (let first = coming[0]; first && first.at <= slotMs(); first = coming[0]) {
      coming.shift()
      ledger.begin(first)
      if ('milliseconds' in first) lasting.push(first)
      else acting.push(first)
    }
    while (lasting[0] && timers.now() >= lasting[0].at + lasting[0].milliseconds) lasting.shift()
  }

  function during<Kind extends Fault['kind']>(kind: Kind): Extract<Fault, { kind: Kind }> | undefined {
    settle()
    const time = timers.now()
    return lasting.findLast(fault => fault.kind === kind && time >= fault.at && time < fault.at + fault.milliseconds) as
      | Extract<Fault, { kind: Kind }>
      | undefined
  }

  const shown = (trades: readonly MarketTrade[]) => trades.map(ledger.show)
  const known = (number: number, trades: (limit: number) => MarketTrade[], limit: number) => {
    settle()
    const found = trades(limit + ledger.lostOf(number)).filter(trade => ledger.fateOf(trade) !== 'lost')
    return shown(found)
  }
  const book: Book = {
    instruments: market.instruments,
    now: () => slotMs() * 1000 + ledger.skewAt(slotMs() * 1000),
    fromId: (number, id, limit) => known(number, more => market.fromId(number, id, more, now()), limit).slice(0, limit),
    sentAfter: (number, micros, limit) =>
      known(number, more => market.sentAfter(number, micros, more, now()), limit).slice(0, limit),
    last: (number, limit) =>
      limit > 0 ? known(number, more => market.last(number, more, now()), limit).slice(-limit) : [],
    isStreamed: trade => ledger.fateOf(trade) === 'sent',
    amount: (units, digits) => (during('odd-numbers') ? writeOddly(units) : writeAmount(units, digits)),
  }
  const protocol = options.protocol(book)

  /** Sends what is due in this slot, and comes again in the next one while anybody listens. */
  function pump(): void {
    settle()
    const due = takeUpTo(now())
    for (const fault of acting.splice(0)) act(fault)
    const trades = shown(due.filter(trade => ledger.fateOf(trade) === 'sent'))
    if (trades.length > 0) for (const { talk, outbox } of connections) outbox.trades(talk.frames(trades))
    cancelPump = connections.size > 0 ? timers.after(untilNext(), pump) : undefined
  }

  /** Milliseconds to the slot of the next trade or fault, or of the next tick where neither is in this one. */
  function untilNext(): number {
    const nextTrade = left[0]?.sentAt ?? market.startOf(tick + 1)
    const next = Math.min(nextTrade / 1000, coming[0]?.at ?? Number.POSITIVE_INFINITY)
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

  function startPump(): void {
    if (cancelPump) return
    settle()
    acting.length = 0
    tick = Math.max(0, market.tickOf(now()))
    left = market.tick(tick)
    takeUpTo(now())
    cancelPump = timers.after(untilNext(), pump)
  }

  function act(_fault: Fault): void {}

  function connect(path: string, peer: Peer): Connection {
    const cancels = new Set<() => void>()
    let isOpen = true
    const outbox = createOutbox(timers, text => peer.send(text), {
      isSilent: () => during('silent') !== undefined,
      delay: () => during('slow')?.delay ?? 0,
    })
    function end(): void {
      isOpen = false
      for (const cancel of cancels) cancel()
      outbox.end()
      for (const other of connections) if (other.end === end) connections.delete(other)
    }
    const line: Line = {
      send: outbox.send,
      ping: () => !during('silent') && peer.ping(),
      close(code, reason) {
        end()
        peer.close(code, reason)
      },
      after(milliseconds, run) {
        const cancel = timers.after(milliseconds, () => {
          cancels.delete(cancel)
          run()
        })
        cancels.add(cancel)
        return cancel
      },
    }
    return { peer, talk: protocol.connect(path, line), outbox, isOpen: () => isOpen, end }
  }

  function dropAll(): void {
    for (const { peer, end } of [...connections]) {
      end()
      peer.drop()
    }
  }

  return {
    name,
    refuses(path, host) {
      const refused = during('refuse')
      if (refused && (refused.host === undefined || refused.host === host))
        return { status: 503, reason: `${name} takes no connections` }
      return protocol.serves(path) ? undefined : { status: 404, reason: `${name} has no WebSocket at ${path}` }
    },
    accept(path, peer) {
      const connection = connect(path, peer)
      if (stopped) peer.drop()
      else if (connection.isOpen()) {
        connections.add(connection)
        startPump()
      }
      return {
        receive: text => connection.isOpen() && connection.talk.receive(text),
        gone: connection.end,
      }
    },
    get(path) {
      const limited = during('too-many-requests')
      if (!limited) return protocol.get(new URL(path, 'http://exchange'))
      const seconds = Math.ceil((limited.at + limited.milliseconds - timers.now()) / 1000)
      return json(protocol.tooManyRequests, 429, { 'retry-after': String(seconds) })
    },
    trades() {
      settle()
      const all = market.instruments
        .flatMap((_, number) => market.fromId(number, 0, Number.POSITIVE_INFINITY, now()))
        .sort((a, b) => a.sentAt - b.sentAt)
      const lists = { obtainable: [] as Trade[], lost: [] as Trade[], invalid: [] as Trade[] }
      for (const trade of all) {
        const list = ledger.fateOf(trade) === 'lost' ? 'lost' : ledger.isValid(trade) ? 'obtainable' : 'invalid'
        lists[list].push(fullTrade(code, ledger.show(trade), protocol))
      }
      return lists
    },
    addFault(fault) {
      const at = Math.max(fault.at, slotMs())
      const later = coming.findIndex(other => other.at > at)
      coming.splice(later === -1 ? coming.length : later, 0, { ...fault, at })
      if (!cancelPump) return
      cancelPump()
      cancelPump = timers.after(untilNext(), pump)
    },
    endTrading() {
      endOfTrading = Math.min(endOfTrading, now())
    },
    stop() {
      stopped = true
      dropAll()
      cancelPump?.()
      cancelPump = undefined
    },
  }
}

function fullTrade(exchange: string, trade: MarketTrade, protocol: Protocol): Trade {
  const { id, instrument, price, quantity, side } = trade
  return tradeOf(
    {
      exchange,
      id: String(id),
      symbol: instrument.symbol,
      currency: instrument.currency,
      timestamp: BigInt(trade.timestamp),
      price,
      quantity,
      side,
      sequence: protocol.sequenceOf?.(trade),
      vendorData: {},
    },
    BigInt(trade.sentAt),
  )
}
