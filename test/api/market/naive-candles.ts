/** Candles worked out from trades one by one, sharing nothing with the product but the names of fields. */
import type { Trade } from '../../../domain/trade.ts'

export interface Asked {
  readonly frames: readonly string[]
  readonly from: bigint
  readonly to: bigint
  readonly fill: string
  readonly open: boolean
  readonly now: bigint
  /** All that the lake has, where trades of some markets are asked for. */
  readonly all?: readonly Trade[]
  /** Exchange, symbol or all, and times of which trades are missing. */
  readonly missing: readonly (readonly [exchange: string, symbol: string | undefined, from: bigint, to: bigint])[]
}

const MINUTE = 60_000_000n
const UNITS: Record<string, bigint> = { m: MINUTE, h: 60n * MINUTE, d: 1440n * MINUTE }

/** Start of the window with a time in it, and of the next. */
function windowAround(frame: string, time: bigint): [bigint, bigint] {
  const date = new Date(Number(time / 1000n))
  const utc = (months: number, days: number) =>
    BigInt(Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + months, days)) * 1000n
  if (frame === '1M') return [utc(0, 1), utc(1, 1)]
  if (frame === '1w') {
    const monday = date.getUTCDate() - ((date.getUTCDay() + 6) % 7)
    return [utc(0, monday), utc(0, monday + 7)]
  }
  const length = BigInt(frame.slice(0, -1)) * UNITS[frame.slice(-1)]
  return [time - (time % length), time - (time % length) + length]
}

export function naiveRows(trades: readonly Trade[], asked: Asked): unknown[] {
  const { frames, from, to, fill, open, now, missing, all = trades } = asked
  const rows: unknown[] = []
  // Its exchange has traded since, or ten minutes have passed.
  const isClosed = (exchange: string, end: bigint) =>
    end <= now - 600_000_000n ||
    (end <= now && all.some(trade => trade.exchange === exchange && trade.timestamp >= end))
  for (const frame of frames) {
    const markets = [...new Set(trades.map(trade => `${trade.exchange}|${trade.symbol}`))].sort()
    const last = new Map<string, bigint>()
    let [start, end] = windowAround(
      frame,
      trades.reduce((least, { timestamp }) => (timestamp < least ? timestamp : least), from),
    )
    for (; start < to && start <= now; [start, end] = windowAround(frame, end)) {
      for (const market of markets) {
        const [exchange, symbol] = market.split('|')
        const own = trades.filter(trade => trade.exchange === exchange && trade.symbol === symbol)
        const some = own
          .filter(({ timestamp }) => timestamp >= start && timestamp < end)
          .sort((a, b) => (a.timestamp === b.timestamp ? idOf(a) - idOf(b) : a.timestamp < b.timestamp ? -1 : 1))
        const before = last.get(market)
        const close = some.at(-1)?.price
        if (close !== undefined) last.set(market, close)
        if (start < from || (!open && !isClosed(exchange, end))) continue
        const isGap = missing.some(
          ([at, of, first, last]) =>
            at === exchange && (of === undefined || of === symbol) && first < end && last >= start,
        )
        const about = {
          timeframe: frame,
          exchange,
          symbol,
          start: time(start),
          end: time(end),
          status: !isClosed(exchange, end) ? 'open' : isGap ? 'gap' : 'closed',
        }
        if (some.length > 0) rows.push({ ...about, ...candleOf(some) })
        else if (fill !== 'none' && own.some(({ timestamp }) => timestamp < end))
          rows.push({ ...about, ...emptyOf(fill === 'previous' ? before : undefined) })
      }
    }
  }
  return rows
}

const idOf = ({ tradeId }: Trade) => Number(tradeId.split('-')[1])

function candleOf(trades: readonly Trade[]) {
  const prices = trades.map(({ price }) => price)
  const sum = (some: readonly Trade[], of: (trade: Trade) => bigint) =>
    some.reduce((total, trade) => total + of(trade), 0n)
  const buys = trades.filter(({ side }) => side === 'BUY')
  const [volume, quote] = [sum(trades, t => t.quantity), sum(trades, t => t.price * t.quantity)]
  return {
    open: text(prices[0], 10),
    high: text(
      prices.reduce((a, b) => (b > a ? b : a)),
      10,
    ),
    low: text(
      prices.reduce((a, b) => (b < a ? b : a)),
      10,
    ),
    close: text(prices[prices.length - 1], 10),
    volume: text(volume, 8),
    quote_volume: text(quote, 18),
    taker_buy_volume: text(
      sum(buys, t => t.quantity),
      8,
    ),
    taker_buy_quote_volume: text(
      sum(buys, t => t.price * t.quantity),
      18,
    ),
    vwap: text(halfEven(quote, volume), 10),
    trades: trades.length,
    first_trade: time(trades[0].timestamp),
    last_trade: time(trades[trades.length - 1].timestamp),
  }
}

function emptyOf(price: bigint | undefined) {
  const at = price === undefined ? null : text(price, 10)
  const none = price === undefined ? null : '0'
  return {
    ...{ open: at, high: at, low: at, close: at, volume: none, quote_volume: none, taker_buy_volume: none },
    ...{
      taker_buy_quote_volume: none,
      vwap: null,
      trades: price === undefined ? null : 0,
      first_trade: null,
      last_trade: null,
    },
  }
}

function halfEven(a: bigint, b: bigint): bigint {
  const [whole, rest] = [a / b, (a % b) * 2n]
  return rest > b || (rest === b && whole % 2n === 1n) ? whole + 1n : whole
}

export function text(units: bigint, scale: number): string {
  const digits = units.toString().padStart(scale + 1, '0')
  return `${digits.slice(0, -scale)}.${digits.slice(-scale)}`.replace(/0+$/, '').replace(/\.$/, '')
}

export function time(micros: bigint): string {
  const rest = micros % 1_000_000n
  const seconds = `${new Date(Number(micros / 1000n)).toISOString().slice(0, 19)}`
  return rest === 0n ? `${seconds}Z` : `${seconds}.${String(rest).padStart(6, '0')}Z`
}
