/** Watermarks of candle tables: each commit's snapshot says how new the newest trade is that its table holds of each exchange. */
import type { Candle } from '../domain/candles.ts'
import type { Watermarks } from '../domain/closed-windows.ts'
import { WATERMARKS } from '../iceberg/metadata.ts'
import type { Snapshot } from '../iceberg/table-metadata.ts'

const SECOND = 1_000_000n

/** The entry of a snapshot's summary that is made of its parent and of these candles: `BINANCE=1763640005,KRAKEN=1763640004`. */
export function watermarksEntry(
  parent: Snapshot | undefined,
  candles: Iterable<Pick<Candle, 'exchange' | 'lastTradeTime'>>,
): Readonly<Record<string, string>> {
  const newest = new Map(parse(parent?.summary[WATERMARKS] ?? ''))
  for (const { exchange, lastTradeTime } of candles) {
    const known = newest.get(exchange)
    if (known === undefined || lastTradeTime > known) newest.set(exchange, lastTradeTime)
  }
  const parts = [...newest].sort(([a], [b]) => (a < b ? -1 : 1))
  // Windows end at whole minutes: a trade is behind an end where its second is.
  return { [WATERMARKS]: parts.map(([exchange, time]) => `${exchange}=${time / SECOND}`).join() }
}

const read = new WeakMap<Snapshot, Watermarks>()

/** How new the trades of a candle table's snapshot are, by its summary: nothing else is read. */
export function watermarksOf(snapshot: Snapshot | undefined): Watermarks {
  if (!snapshot) return () => undefined
  let known = read.get(snapshot)
  if (!known) {
    known = watermarksIn(snapshot)
    read.set(snapshot, known)
  }
  return known
}

function watermarksIn(snapshot: Snapshot): Watermarks {
  const text = snapshot.summary[WATERMARKS]
  // Older snapshots do not say it: their commit closed what had ended by then.
  if (text === undefined) return () => BigInt(snapshot['timestamp-ms']) * 1000n
  const newest = parse(text)
  return exchange => newest.get(exchange)
}

function parse(text: string): Map<string, bigint> {
  return new Map(
    [...text.matchAll(/(\w+)=(\d+)/g)].map(([, exchange, seconds]) => [exchange, BigInt(seconds) * SECOND]),
  )
}
