/** What the generated market trades, and how each exchange's own fields look. */
import { parseDecimal } from '../../domain/decimal.ts'
import type { ExchangeName } from '../../domain/exchanges.ts'
import { krakenName } from '../../domain/pairs.ts'
import type { TradeSide } from '../../domain/trade.ts'

/** Digits after the point of the generated market's prices and quantities. */
export const AMOUNT_SCALE = 8

export interface Instrument {
  readonly symbol: string
  readonly currency: string
  /** Smallest steps of price and quantity, units of 10^-8. */
  readonly priceStep: bigint
  readonly quantityStep: bigint
  /** The price at which the walk begins and to which it is drawn back, in price steps. */
  readonly basePrice: number
  /** Quantity of a common trade, in quantity steps. */
  readonly quantity: number
  /** Share of the exchange's trades, of 1. */
  readonly share: number
  readonly vendorData: (side: TradeSide) => Readonly<Record<string, string>>
}

export interface Marketplace {
  /** Share of all messages, of 1. */
  readonly share: number
  /** The exchange's times are whole multiples of this, microseconds. */
  readonly timeStep: bigint
  /** Whether it numbers its messages. */
  readonly sequenced: boolean
  readonly instruments: readonly Instrument[]
}

type Asset = readonly [
  base: string,
  quote: string,
  price: string,
  priceStep: string,
  quantity: string,
  quantityStep: string,
]

const DOLLAR: readonly Asset[] = [
  ['BTC', '', '86432.15', '0.01', '0.01200', '0.00001'],
  ['ETH', '', '3120.55', '0.01', '0.2500', '0.0001'],
  ['SOL', '', '141.20', '0.01', '4.000', '0.001'],
  ['XRP', '', '2.1544', '0.0001', '250.0', '0.1'],
  ['DOGE', '', '0.15120', '0.00001', '1800', '1'],
  ['ADA', '', '0.4331', '0.0001', '600.0', '0.1'],
]
const CROSS: Asset = ['ETH', 'BTC', '0.03610', '0.00001', '0.1500', '0.0001']
const SHIB: Asset = ['SHIB', 'USDT', '0.00000821', '0.00000001', '9000000', '1']
const EURO: Asset = ['BTC', 'EUR', '74510.20', '0.10', '0.01100', '0.00001']

// BTC and ETH have most of the trades, as in reality.
const SHARES = [0.34, 0.24, 0.14, 0.1, 0.06, 0.05, 0.04, 0.03]

function units(text: string): bigint {
  const value = parseDecimal(text, AMOUNT_SCALE)
  if (value === undefined) throw new RangeError(`${text} is not a decimal`)
  return value
}

function instruments(
  quote: string,
  more: readonly Asset[],
  vendorData: (base: string, quote: string, side: TradeSide) => Readonly<Record<string, string>>,
): Instrument[] {
  const assets = [...DOLLAR.map((asset): Asset => [asset[0], quote, asset[2], asset[3], asset[4], asset[5]]), ...more]
  return assets.map(([base, currency, price, priceStep, quantity, quantityStep], index) => {
    const bySide = { BUY: vendorData(base, currency, 'BUY'), SELL: vendorData(base, currency, 'SELL') }
    return {
      symbol: base + currency,
      currency,
      priceStep: units(priceStep),
      quantityStep: units(quantityStep),
      basePrice: Number(units(price) / units(priceStep)),
      quantity: Number(units(quantity) / units(quantityStep)),
      share: SHARES[index],
      vendorData: side => bySide[side === 'BUY' ? 'BUY' : 'SELL'],
    }
  })
}

/**
 * The markets of the exchanges that are simulated: not all have to be. One that is listed here has a protocol in
 * simulator.ts too.
 */
export const MARKETS = {
  binance: {
    share: 0.8,
    timeStep: 1000n,
    sequenced: false,
    instruments: instruments('USDT', [CROSS, SHIB], (_base, _quote, side) => ({
      event_type: 'trade',
      is_buyer_maker: String(side === 'SELL'),
    })),
  },
  kraken: {
    share: 0.12,
    timeStep: 1n,
    sequenced: false,
    instruments: instruments('USD', [CROSS, EURO], (base, quote, side) => ({
      pair: `${krakenName(base)}/${krakenName(quote)}`,
      order_type: side === 'BUY' ? 'm' : 'l',
      misc: '',
    })),
  },
  coinbase: {
    share: 0.08,
    timeStep: 1n,
    sequenced: true,
    instruments: instruments('USD', [CROSS, EURO], (base, quote, side) => ({
      type: 'match',
      product_id: `${base}-${quote}`,
      maker_side: side === 'BUY' ? 'sell' : 'buy',
    })),
  },
} satisfies Partial<Record<ExchangeName, Marketplace>>

export type SimulatedName = keyof typeof MARKETS

/** Whether there is a simulated exchange of this name. */
export function isSimulated(name: string): name is SimulatedName {
  return Object.hasOwn(MARKETS, name)
}
