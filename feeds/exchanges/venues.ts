/**
 * What a feed needs to know about an exchange: one entry each, by its name in domain/exchanges.ts. Limits are the
 * exchanges' own, from the pages that their protocols name.
 */
import type { ExchangeName } from '../../domain/exchanges.ts'
import { DAY_MS, MINUTE_MS } from '../../domain/time.ts'
import type { RestApi, StreamApi } from '../protocol.ts'
import { binanceRest, binanceStream } from './binance-api.ts'
import { coinbaseRest, coinbaseStream } from './coinbase-api.ts'
import { krakenRest, krakenStream } from './kraken-api.ts'

export interface Venue {
  /** WebSocket and REST addresses, best first, without a slash at their end. */
  readonly urls: readonly string[]
  readonly restUrls: readonly string[]
  readonly stream: StreamApi
  readonly rest: RestApi
  /** What a feed subscribes to by default. */
  readonly symbols: readonly string[]
  readonly pairsPerConnection: number
  /** Messages that the exchange accepts from a client. */
  readonly messagesPerSecond: number
  readonly requestsPerSecond: number
  /** The exchange ends a connection of this age. */
  readonly maxAgeMs: number
  /** A live connection that has brought neither a frame nor a ping for this long is dead. */
  readonly staleMs: number
}

export const VENUES: Readonly<Record<ExchangeName, Venue>> = {
  binance: {
    urls: [
      'wss://stream.binance.com:9443',
      'wss://stream.binance.com:443',
      // Only market data, on other machines.
      'wss://data-stream.binance.vision',
    ],
    // "General API Information": others than the first may be faster and less stable. The last serves only market data,
    // also where the others refuse a region (451): binance-api.ts says what it lacks.
    restUrls: [
      'https://api.binance.com',
      'https://api-gcp.binance.com',
      ...[1, 2, 3, 4].map(number => `https://api${number}.binance.com`),
      'https://data-api.binance.vision',
    ],
    stream: binanceStream,
    rest: binanceRest('BINANCE'),
    symbols: ['BTCUSDT', 'ETHUSDT', 'SOLUSDT', 'XRPUSDT'],
    // 1,024 streams a connection, and an address has to fit a request line.
    pairsPerConnection: 200,
    messagesPerSecond: 5,
    // historicalTrades weighs 25 of 6,000 a minute.
    requestsPerSecond: 3,
    maxAgeMs: DAY_MS,
    // A quiet market has no frames, but the exchange pings every 20 s.
    staleMs: MINUTE_MS,
  },
  kraken: {
    urls: ['wss://ws.kraken.com'],
    restUrls: ['https://api.kraken.com'],
    stream: krakenStream,
    rest: krakenRest('KRAKEN'),
    symbols: ['BTC-USD', 'ETH-USD', 'SOL-USD', 'XRP-USD'],
    pairsPerConnection: 200,
    messagesPerSecond: 5,
    requestsPerSecond: 1,
    maxAgeMs: DAY_MS,
    // A heartbeat comes each second.
    staleMs: 10_000,
  },
  coinbase: {
    urls: ['wss://ws-feed.exchange.coinbase.com'],
    restUrls: ['https://api.exchange.coinbase.com'],
    stream: coinbaseStream,
    rest: coinbaseRest('COINBASE'),
    symbols: ['BTC-USD', 'ETH-USD', 'SOL-USD', 'XRP-USD'],
    pairsPerConnection: 100,
    messagesPerSecond: 8,
    // 10 a second are allowed for an IP address, which others may share.
    requestsPerSecond: 5,
    maxAgeMs: DAY_MS,
    // A heartbeat of each product comes each second.
    staleMs: 10_000,
  },
}
