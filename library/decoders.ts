/** `tradelake/decoders`: the exchanges' WebSocket frames to trades, without a connection. */

export type { Trade } from '../domain/trade.ts'
export { type Decoder, MalformedFrame } from '../feeds/decoder.ts'
export { DECODERS } from '../feeds/exchanges/decoders.ts'
export type { Frame } from '../feeds/frames.ts'
export { framesOf } from '../feeds/frames.ts'
