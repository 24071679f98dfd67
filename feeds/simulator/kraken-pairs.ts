/** The many names of Kraken's pairs. Source: Kraken "Get Tradable Asset Pairs": altname, wsname, and the name of a result. */
import { krakenNames } from '../../domain/pairs.ts'
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

export function krakenPairs(instruments: readonly Instrument[]): readonly Pair[] {
  return instruments.map((instrument, number) => {
    const { symbol, currency } = instrument
    const { v2, wsname, altname, name } = krakenNames({ base: symbol.slice(0, -currency.length), quote: currency })
    const [base, quote] = wsname.split('/')
    return { instrument, number, v2, v1: wsname, altname, name, base, quote }
  })
}

/** A pair by any of its names. */
export function findPair(pairs: readonly Pair[], name: unknown): Pair | undefined {
  return pairs.find(
    ({ instrument, v1, v2, altname, name: full }) =>
      [instrument.symbol, v1, v2, altname, full].indexOf(String(name)) !== -1,
  )
}
