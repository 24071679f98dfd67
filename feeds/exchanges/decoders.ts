/** The decoders by exchange name (domain/exchanges.ts): a new exchange is one entry here and one file beside. */
import type { ExchangeName } from '../../domain/exchanges.ts'
import type { Decoder } from '../decoder.ts'
import { binance } from './binance.ts'
import { coinbase } from './coinbase.ts'
import { kraken } from './kraken.ts'

export const DECODERS: Readonly<Record<ExchangeName, Decoder>> = {
  binance: binance('BINANCE'),
  kraken: kraken('KRAKEN'),
  coinbase: coinbase('COINBASE'),
}
