/** Names of streams, as `btcusdt@kline_1m`. Source: Binance "WebSocket Streams", "Detailed Stream information". */
import { HOUR_MICROS } from '../../domain/time.ts'
import { type Windows, windowsInZone } from '../../domain/windows.ts'
import { MINUTES } from '../market/market-candles.ts'
import { intervalWindows } from './parameters.ts'
import { invalidStream, Refusal } from './refusals.ts'

export type StreamKind = 'trade' | 'aggTrade' | 'kline' | 'miniTicker' | 'ticker'

export interface StreamName {
  /** As the client wrote it. */
  readonly name: string
  /** As the tables have it: `BTCUSDT`. */
  readonly symbol: string
  readonly kind: StreamKind
  /** Whose candles it is made of; undefined where it is made of trades. Those of another zone have a name of their own. */
  readonly windows: Windows | undefined
  /** As klines say it. */
  readonly interval: string
}

const STREAM = /^([^@]{1,30})@(?:(trade|aggTrade|miniTicker|ticker)|kline_(\w{1,4})(@\+08:00)?)$/
const EAST = 8n * HOUR_MICROS

/** @throws Refusal */
export function streamNamed(name: string): StreamName {
  const [, symbol, plain, interval, zone] = STREAM.exec(name) ?? []
  if (symbol === undefined) throw invalidStream(name)
  if (symbol !== symbol.toLowerCase())
    throw new Refusal(-1121, `Invalid symbol. Streams have symbols in lower case: ${name.toLowerCase()}.`)
  const found = { name, symbol: symbol.toUpperCase(), interval: interval ?? '' }
  if (interval === undefined) {
    const kind = plain as Exclude<StreamKind, 'kline'>
    return { ...found, kind, windows: kind.endsWith('icker') ? MINUTES : undefined }
  }
  const windows = intervalWindows(interval)
  if (zone === undefined) return { ...found, kind: 'kline', windows }
  return { ...found, kind: 'kline', windows: { ...windowsInZone(windows, EAST), name: `${interval}${zone}` } }
}

/** Names in an address. ccxt numbers its connections there, as `/ws/0`, which asks for no stream. */
export function namesIn(text: string): string[] {
  return text.split('/').filter(name => !/^\d*$/.test(name))
}
