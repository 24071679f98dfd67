/** The REST history of each exchange, asked as a feed asks it: any range of ids comes, as the stream would have sent it. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { pairOf } from '../../../domain/pairs.ts'
import type { Trade } from '../../../domain/trade.ts'
import { MalformedFrame } from '../../../feeds/decoder.ts'
import { VENUES } from '../../../feeds/exchanges/venues.ts'
import type { History, HistoryQuestion, IdRange } from '../../../feeds/protocol.ts'
import { MARKETS } from '../../../feeds/simulator/instruments.ts'
import { createSimulator } from '../../../feeds/simulator/simulator.ts'
import { SIMULATED } from '../simulator/support.ts'
import { numberOf } from '../support.ts'

const START = Date.UTC(2026, 10, 20, 10)
const NOW = START + 20 * 60_000
const timers = { now: () => NOW, steady: () => NOW, after: () => () => {} }
const RECEIVED = BigInt(NOW) * 1000n

const simulator = createSimulator({
  seed: 8,
  startMicros: BigInt(START) * 1000n,
  ratePerSecond: 60,
  timers,
  exchanges: SIMULATED,
})
const core = ({ tradeId, messageId, symbol, currency, timestamp, price, quantity, side }: Trade) =>
  [tradeId, messageId, symbol, currency, timestamp, price, quantity, side].join(' ')

describe.each(SIMULATED)('$name', ({ name }) => {
  const exchange = simulator.exchanges.find(candidate => candidate.name === name)
  if (!exchange) throw new Error(`no simulated ${name}`)
  const { rest, symbols } = VENUES[name]
  const history = rest.history as History
  const bySymbol = Map.groupBy(exchange.trades().obtainable, trade => trade.symbol)

  const questionOf = (symbol: string, range: IdRange, cursor = history.begin(range)): HistoryQuestion => ({
    ...{ pair: pairOf(symbol), range, cursor, stream: 'trade', address: 'https://exchange.test' },
  })

  /** All pages of a range: their trades, and the first and last id that they tell of. */
  function ask(symbol: string, range: IdRange) {
    const found: Trade[] = []
    const covered: number[] = []
    let pages = 0
    for (let cursor: string | undefined = history.begin(range); cursor !== undefined; pages++) {
      expect(pages).toBeLessThan(100)
      const question = questionOf(symbol, range, cursor)
      const reply = exchange?.get(history.path(question))
      expect(reply?.status, cursor).toBe(200)
      const page = history.page(reply?.body ?? '', question, RECEIVED)
      found.push(...page.trades)
      if (page.covers) covered.push(page.covers.from, page.covers.to)
      cursor = page.next
    }
    return { found, covers: [Math.min(...covered), Math.max(...covered)] }
  }

  test('any range of ids comes whole, each trade as it was traded', () => {
    const instruments = MARKETS[name].instruments.map(({ symbol }) => symbol)
    fc.assert(
      fc.property(
        fc.constantFrom(...instruments),
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.nat(2_500),
        (symbol, at, length) => {
          const trades = bySymbol.get(symbol) ?? []
          const first = Math.floor(at * (trades.length - 1))
          const wanted = trades.slice(first, first + length + 1)
          const [from, to] = [wanted[0], wanted[wanted.length - 1]].map(trade => numberOf(trade) ?? 0)
          const after = trades[Math.max(0, first - 1)].timestamp

          const { found, covers } = ask(symbol, { from, to, after })

          const inRange = found.filter(trade => {
            const id = numberOf(trade) ?? 0
            return id >= from && id <= to
          })
          expect([...new Set(inRange.map(core))].sort()).toEqual(wanted.map(core).sort())
          expect(covers[0]).toBeLessThanOrEqual(from)
          expect(covers[1]).toBeGreaterThanOrEqual(to)
        },
      ),
      { numRuns: 30 },
    )
  })

  test('its own list says what its markets are made of', () => {
    const ask = (wanted: readonly string[]) => rest.markets.read(exchange.get(rest.markets.path(wanted)))
    const wanted = MARKETS[name].instruments.map(({ symbol }) => symbol)
    const markets = ask(wanted)
    expect(Array.isArray(markets) && markets.map(({ symbol, quote }) => `${symbol} ${quote}`).sort()).toEqual(
      MARKETS[name].instruments.map(({ symbol, currency }) => `${symbol} ${currency}`).sort(),
    )
    if (rest.markets.named !== undefined) expect(ask(['NOSUCHUSD'])).toBe('unknown')
    for (const status of [429, 500, 503])
      expect(rest.markets.read({ status, headers: {}, body: 'busy' }), `${status}`).toBe(undefined)
  })

  test('a broken page is refused, however it is broken', () => {
    const question = questionOf(symbols[0], { from: 1, to: 5, after: BigInt(START) * 1000n })
    const good = exchange.get(history.path(question)).body
    const broken = fc.oneof(
      fc.nat(good.length).map(length => good.slice(0, length)),
      fc
        .tuple(fc.nat(good.length - 1), fc.string({ minLength: 1, maxLength: 3 }))
        .map(([at, text]) => good.slice(0, at) + text + good.slice(at + 1)),
      fc.json(),
    )
    fc.assert(
      fc.property(broken, body => {
        try {
          history.page(body, question, RECEIVED)
        } catch (error) {
          expect(error).toBeInstanceOf(MalformedFrame)
        }
      }),
      { numRuns: 500 },
    )
  })
})
