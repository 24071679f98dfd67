/** The many names of Kraken's pairs. Source: Kraken "Get Tradable Asset Pairs": altname, wsname, and the name of a result. */
import { krakenName } from '../../domain/pairs.ts'
import type { Instrument } from './instruments.ts'

export interface Pair {
  readonly instrument: Instrument
  readonly number: number
  /** Its name on WebSockets v2: `BTC/USD`. */
  readonly v2: string
  /** Its name on WebSockets v1, REST's `wsname`: `XBT/USD`. */
  readonly v1: string
  /** `XBTUSD` */
  readonly altname: string
  /** What results call it: `XXBTZUSD`, or the altname for assets that Kraken listed later. */
  readonly name: string
  readonly base: string
  readonly quote: string
}

/** Assets with a letter for their class before their name. */
const CLASSED: Readonly<Record<string, string>> = { XBT: 'XXBT', ETH: 'XETH', XRP: 'XXRP', USD: 'ZUSD', EUR: 'ZEUR' }

export function krakenPairs(instruments: readonly Instrument[]): readonly Pair[] {
  return instruments.map((instrument, number) => {
    const { symbol, currency } = instrument
    const asset = symbol.slice(0, -currency.length)
    const base = krakenName(asset)
    const quote = krakenName(currency)
    const altname = base + quote
    const name = CLASSED[base] && CLASSED[quote] ? CLASSED[base] + CLASSED[quote] : altname
    const v2 = `${asset}/${currency}`
    return { instrument, number, v2, v1: `${base}/${quote}`, altname, name, base, quote }
  })
}

/** A pair by any of its names. */
export function findPair(pairs: readonly Pair[], name: unknown): Pair | undefined {
  return pairs.find(
    ({ instrument, v1, v2, altname, name: full }) =>
      [instrument.symbol, v1, v2, altname, full].indexOf(String(name)) !== -1,
  )
}
