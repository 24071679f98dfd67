/** Messages that go wrong on purpose: each must end up in the dead-letter table, and none may stop anything. */
import type { Trade } from '../../domain/trade.ts'
import { encodeTrade } from '../../domain/wire.ts'
import type { Random } from '../../feeds/random.ts'

const UNKNOWN_IDS = { trade: 999_999, wide: 999_999 }
const DAY_MICROS = 86_400_000_000n

// What a trade must not be (docs/topics.md, "Validation").
const INVALID: readonly ((trade: Trade) => Trade)[] = [
  trade => ({ ...trade, price: -trade.price }),
  trade => ({ ...trade, price: 0n }),
  trade => ({ ...trade, quantity: 0n }),
  trade => ({ ...trade, timestamp: trade.timestamp + DAY_MICROS }),
  trade => ({ ...trade, timestamp: trade.timestamp - 400n * DAY_MICROS }),
  trade => ({ ...trade, timestamp: 0n }),
  trade => ({ ...trade, messageId: '' }),
  trade => ({ ...trade, messageId: 'not-a-uuid' }),
  trade => ({ ...trade, symbol: `${trade.symbol.slice(0, 3)}/${trade.symbol.slice(3)}` }),
  trade => ({ ...trade, side: 'UNKNOWN' }),
  trade => ({ ...trade, assetClass: 'equities' }),
  trade => ({ ...trade, exchange: 'ELSEWHERE' }),
]

const MALFORMED: readonly ((trade: Trade, random: Random) => Uint8Array | null)[] = [
  // Cut within a field, or so short that even the frame is missing.
  (trade, random) => cut(encodeTrade(trade), random),
  (trade, random) => encodeTrade(trade).subarray(0, Math.floor(random() * 5)),
  trade => withMagicByte(encodeTrade(trade), 0x7b),
  trade => encodeTrade(trade, UNKNOWN_IDS),
  () => new TextEncoder().encode('{"not":"avro"}'),
  () => null,
]

function cut(bytes: Uint8Array, random: Random): Uint8Array {
  return bytes.subarray(0, 5 + Math.floor(random() * (bytes.length - 5)))
}

function withMagicByte(bytes: Uint8Array, magic: number): Uint8Array {
  bytes[0] = magic
  return bytes
}

/** A broken variant of a good trade: half of them cannot be decoded, half break a rule. */
export function brokenValue(trade: Trade, random: Random): Uint8Array | null {
  if (random() < 0.5) return MALFORMED[Math.floor(random() * MALFORMED.length)](trade, random)
  return encodeTrade(INVALID[Math.floor(random() * INVALID.length)](trade))
}
