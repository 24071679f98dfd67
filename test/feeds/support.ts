/** Recorded frames for the decoder tests. */
import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Trade } from '../../domain/trade.ts'
import type { Decoder, FeedTrade } from '../../feeds/decoder.ts'
import { type Frame, framesOf } from '../../feeds/frames.ts'

/** The recordings are beside the repository, with the license of their makers. */
export const FRAMES = fileURLToPath(new URL('../../../shared/data/frames/', import.meta.url))
export const hasFrames = existsSync(FRAMES)
/** Completes the title of what is skipped without them. */
export const NEEDS_FRAMES = hasFrames ? '' : ' (skipped: there are no recordings in ../shared/data/frames)'

/** Frames of a fixture beside the tests (`bybit/frames.txt`), or of a recording beside the repository. */
export async function recordedFrames(file: string): Promise<Frame[]> {
  const own = fileURLToPath(new URL(`exchanges/${file}`, import.meta.url))
  const text = readFileSync(existsSync(own) ? own : FRAMES + file, 'utf8')
  return Array.fromAsync(framesOf(text.split('\n'), file))
}

export function tradesOf(decoder: Decoder, frames: readonly Frame[]): Trade[] {
  return frames.flatMap(frame => [...decoder.map(frame.json, frame.receivedAt)])
}

export function tradeOf(decoder: Decoder, message: unknown): FeedTrade {
  const [trade, ...more] = decoder.map(JSON.stringify(message), 1_700_000_000_000_000n)
  if (!trade || more.length > 0) throw new Error('the frame holds no single trade')
  return trade
}

/** The number that a person reads at the end of a trade's id, where there is one: `BINANCE-AGG-12` is 12. */
export function numberOf(trade: Pick<Trade, 'tradeId'>): number | undefined {
  const digits = /-(\d{1,15})$/.exec(trade.tradeId)?.[1]
  return digits === undefined ? undefined : Number(digits)
}
