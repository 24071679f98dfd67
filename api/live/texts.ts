/** Our messages read again, for those who write them in another shape, and what these have written as it is sent. */
import type { Chunk, Framing } from './messages.ts'

/** A message of /v1/replay or /v1/stream; decimals are text. */
export interface Message {
  readonly type: string
  readonly data: Readonly<Record<string, string>> & {
    readonly exchange: string
    readonly symbol: string
    readonly trades: number
  }
}

export function parsed(bytes: Uint8Array): Message {
  return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString())
}

/** A message's time, `2026-11-20T10:00:00Z` or with six digits after the point, as microseconds since 1970. */
export function microsIn(text: string): bigint {
  const [, seconds, fraction = '0'] = /^(.{19})(?:\.(\d{6}))?Z$/.exec(text) ?? []
  return BigInt(Date.parse(`${seconds}Z`)) * 1000n + BigInt(fraction)
}

/** Texts as they are sent; undefined where there are none. */
export function chunkOf(texts: readonly string[], framing: Framing): Chunk | undefined {
  if (texts.length === 0) return undefined
  const parts = texts.map(text => Buffer.from(framing === 'frames' ? text : `${text}\n`))
  const ends: number[] = []
  for (const part of parts) ends.push((ends.at(-1) ?? 0) + part.length)
  return { bytes: Buffer.concat(parts), ends }
}
