/** What gets into topics and into Bronze's prefix and is nothing that a stage could use. */
import { encodeGap } from '../../domain/feed-gaps.ts'
import type { ErrorType } from '../../domain/validation.ts'
import { BUNDLED_IDS } from '../../domain/wire.ts'

const framed = (schemaId: number, body: readonly number[]) => Uint8Array.of(0, 0, 0, 0, schemaId, ...body)
const UNREADABLE = 'deserialization_failed_or_null_fields'
const UNKNOWN_ID = 127

/** Values of messages that no decoder takes, and what becomes of them. */
export const POISON: readonly (readonly [value: Uint8Array, error: ErrorType])[] = [
  [framed(UNKNOWN_ID, [1, 2]), 'unknown_schema'],
  [framed(BUNDLED_IDS.trade, []), UNREADABLE],
  // Lengths and counts beyond any message, and a varint that never ends.
  [framed(BUNDLED_IDS.trade, [0xfe, 0xff, 0xff, 0xff, 0x0f]), UNREADABLE],
  [framed(BUNDLED_IDS.trade, Array(2_000).fill(0xff)), UNREADABLE],
  [new Uint8Array(0), UNREADABLE],
  [Buffer.from('pong'), UNREADABLE],
  [Buffer.from('{"price": 1}'), UNREADABLE],
]

/** Bytes of objects that no stage wrote. `whole`: a Parquet file of the same table. */
export function poisonObjects(whole: Uint8Array | undefined): Uint8Array[] {
  return [
    new Uint8Array(0),
    Buffer.from('PAR1'),
    Buffer.from('{"not": "parquet"}'),
    ...(whole ? [whole.slice(0, whole.length >> 1), whole] : []),
  ]
}

/** Values of the topic of the feeds' reports: a report, and what is none. */
export function gapReports(nowMs: number): (Uint8Array | null)[] {
  const micros = BigInt(nowMs) * 1000n
  const report = encodeGap({
    exchange: 'binance',
    symbol: 'BTCUSDT',
    kind: 'sequence',
    status: 'open',
    fromId: 1,
    toId: 7,
    fromTime: micros - 5_000_000n,
    toTime: micros,
    cause: 'disconnected',
    raw: null,
    reportedAt: micros,
  })
  return [report, Buffer.from('{}'), null, report.slice(0, 20)]
}
