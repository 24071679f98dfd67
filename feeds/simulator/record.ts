/** An exchange's own record of what was traded, and its trades as a feed publishes them. */
import { PRICE_SCALE } from '../../domain/decimal.ts'
import type { Trade } from '../../domain/trade.ts'
import { tradeOf } from '../decoder.ts'
import { AMOUNT_SCALE } from './instruments.ts'
import type { Ledger } from './ledger.ts'
import type { MarketTrade, SimulatedMarket } from './market.ts'
import type { LoggedTrade, Protocol, SimulatedExchange } from './types.ts'

/** All trades up to `now` (microseconds since 1970), in the order of sending. */
export function loggedTrades(market: SimulatedMarket, ledger: Ledger, now: number): LoggedTrade[] {
  return market.instruments
    .flatMap((_, number) => market.fromId(number, 0, Number.POSITIVE_INFINITY, now))
    .sort((a, b) => a.sentAt - b.sentAt)
    .map(trade => ({
      trade: ledger.show(trade),
      fate: ledger.fateOf(trade),
      isReadable: ledger.isReadable(trade),
      isValid: ledger.isValid(trade),
    }))
}

/** See SimulatedExchange.trades. `exchange`: its code. */
export function tradeLists(
  log: readonly LoggedTrade[],
  exchange: string,
  protocol: Protocol,
): ReturnType<SimulatedExchange['trades']> {
  const lists = { obtainable: [] as Trade[], lost: [] as Trade[], invalid: [] as Trade[] }
  for (const { trade, fate, isReadable, isValid } of log) {
    const list = fate === 'lost' || !isReadable ? 'lost' : isValid ? 'obtainable' : 'invalid'
    lists[list].push(fullTrade(exchange, trade, protocol))
  }
  return lists
}

/** A price of the generated market in a trade's units. */
const PRICE_FACTOR = 10n ** BigInt(PRICE_SCALE - AMOUNT_SCALE)

function fullTrade(exchange: string, trade: MarketTrade, protocol: Protocol): Trade {
  const { id, instrument, price, quantity, side } = trade
  return tradeOf(
    {
      exchange,
      id: String(id),
      symbol: instrument.symbol,
      currency: instrument.currency,
      timestamp: BigInt(trade.timestamp),
      price: price * PRICE_FACTOR,
      quantity,
      side,
      sequence: protocol.sequenceOf?.(trade),
      vendorData: {},
    },
    BigInt(trade.sentAt),
  )
}
