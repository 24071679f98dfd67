/** `tradelake/candles`: exact candles of larger windows from those of smaller ones. */
export { type Candle, foldCandles, vwap, windowOf } from '../domain/candles.ts'
