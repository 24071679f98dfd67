/** Recorded frames for the decoder tests. */
import { readFileSync } from 'node:fs'
import type { Trade } from '../../domain/trade.ts'
import { type Frame, framesOf } from '../../feeds/frames.ts'
import type { Decoder } from '../../feeds/types.ts'

export async function recordedFrames(file: string): Promise<Frame[]> {
  const text = readFileSync(new URL(`frames/${file}`, import.meta.url), 'utf8')
  return Array.fromAsync(framesOf(text.split('\n'), file))
}

export function tradesOf(decoder: Decoder, frames: readonly Frame[]): Trade[] {
  return frames.flatMap(frame => [...decoder.map(frame.json, frame.receivedAt)])
}

export function tradeOf(decoder: Decoder, message: unknown): Trade {
  const [trade, ...more] = decoder.map(JSON.stringify(message), 1_700_000_000_000_000n)
  if (!trade || more.length > 0) throw new Error('the frame holds no single trade')
  return trade
}
