/** Recorded trades and candles of one snapshot in the order of time, paced by their times. */
import type { Timers } from '../../domain/feed-ports.ts'
import type { Ports } from '../../domain/ports.ts'
import type { Windows } from '../../domain/windows.ts'
import type { LoadedTable } from '../../iceberg/catalog.ts'
import type { Wanted } from '../../tables/gold-columns.ts'
import { tradesInOrder } from '../../tables/gold-order.ts'
import type { Snapshots } from '../market/as-of.ts'
import type { CandleTables } from '../market/candle-pages.ts'
import type { Markets } from '../market/markets.ts'
import { goldFiles, wantedOf } from '../market/trades.ts'
import { type Bytes, putBytes, putNumber } from './bytes.ts'
import { candleFeed } from './candle-feed.ts'
import { candleJson } from './candle-text.ts'
import { CHUNK_BYTES, type Chunk, type CursorText, createMessages, type Framing } from './messages.ts'
import { tradeRoom, tradeText } from './trade-text.ts'
import { waitFor } from './waits.ts'

/** A replay goes on behind so many messages of a time, microseconds since 1970. */
export interface ReplayPosition {
  readonly time: number
  readonly count: number
}

export interface Replay {
  /** Whose candles. */
  readonly markets: Markets
  /** Whose trades, by `marketKey`: candles know a market some seconds later than Gold does. */
  readonly isTraded: (market: string) => boolean
  /** Gold as it is replayed; undefined where no trades are wanted, or there are none. */
  readonly gold: { readonly table: LoadedTable; readonly snapshotId: number } | undefined
  readonly windows: readonly Windows[]
  readonly tables: CandleTables
  readonly snapshots: Snapshots
  /** Microseconds since 1970: from the first up to but not including the second. */
  readonly from: bigint
  readonly to: bigint
  /** When the replay was first asked for, microseconds since 1970: windows that had not ended by then have no candle. */
  readonly begun: bigint
  /** Recorded seconds in a second; Infinity: as fast as the client takes them. */
  readonly speed: number
  readonly after: ReplayPosition | undefined
  /** What every cursor begins with. */
  readonly cursor: string
}

type ReplayPorts = Pick<Ports, 'store' | 'state'> & { readonly timers: Timers }

const HEARTBEAT_MS = 15_000

/** Whether a position is behind the last message. */
export function isOver({ to }: Pick<Replay, 'to'>, { time }: ReplayPosition): boolean {
  return time > Number(to)
}

/** @throws Problem 410; Corrupt */
export async function* replay(
  ports: ReplayPorts,
  wanted: Replay,
  framing: Framing,
  signal: AbortSignal,
): AsyncGenerator<Chunk> {
  const { after, isTraded } = wanted
  const begin = after?.time ?? Number(wanted.from)
  const cursor = positions(wanted.cursor, begin, after?.count ?? 0)
  const messages = createMessages(framing, cursor)
  const pace = pacer(ports.timers, wanted.speed, begin)
  const candles = await candleFeed(ports, { ...wanted, now: wanted.begun }, begin)
  const putTrade = tradeText()
  const isNew = () => after === undefined || cursor.time > after.time || cursor.count > after.count

  for await (const { count, columns, from, rows } of await tradesOf(ports, wanted, begin, isTraded))
    for (let i = 0; i < count; i++) {
      const [trade, row] = [columns[from[i]], rows[i]]
      const time = trade.times[row]
      // A window ends before the first trade of the next.
      if (candles.time() <= time) yield* candlesUntil(time)
      if (time > pace.reached()) yield* waitUntil(time)
      if (signal.aborted) return
      cursor.advance(time)
      if (!isNew()) continue
      putTrade(messages.open('trade', tradeRoom(trade, row)), trade, row)
      messages.close()
      if (messages.size() >= CHUNK_BYTES) yield messages.take() as Chunk
    }
  yield* candlesUntil(Number(wanted.to))
  yield* waitUntil(Number(wanted.to))
  if (signal.aborted) return
  cursor.advance(Number(wanted.to) + 1)
  messages.text('end', '{}')
  yield messages.take() as Chunk

  async function* candlesUntil(time: number): AsyncGenerator<Chunk> {
    for (; candles.time() <= time; await candles.next()) {
      yield* waitUntil(candles.time())
      if (signal.aborted) return
      cursor.advance(candles.time())
      if (!isNew()) continue
      messages.text('candle', candleJson(candles.row()))
      if (messages.size() >= CHUNK_BYTES) yield messages.take() as Chunk
    }
  }

  /** Gives what has been written, and waits for the time of the next message. */
  async function* waitUntil(time: number): AsyncGenerator<Chunk> {
    for (let wait = pace.wait(time); wait > 0 && !signal.aborted; wait = pace.wait(time)) {
      const chunk = messages.take()
      if (chunk) yield chunk
      await waitFor(ports.timers, Math.min(wait, HEARTBEAT_MS), signal)
      if (wait > HEARTBEAT_MS) messages.text('heartbeat', '{}')
    }
  }
}

/** The trades from a time on. */
async function tradesOf(ports: ReplayPorts, { gold, to }: Replay, from: number, market: Wanted['market']) {
  if (!gold) return tradesInOrder(ports, [], { from, to: Number(to), market })
  const range = { markets: { has: market }, from: BigInt(from), to, snapshotId: gold.snapshotId }
  const files = await goldFiles(ports, gold.table, range)
  return tradesInOrder(ports, files, wantedOf(range))
}

/** `<prefix>.<time>.<count>`: the place behind the message that it comes with. Of the time it begins at, `given` are behind it already. */
function positions(
  prefix: string,
  begin: number,
  given: number,
): CursorText & ReplayPosition & { advance(time: number): void } {
  const start = Buffer.from(`${prefix}.`)
  const text = {
    ...{ time: begin, count: 0, room: start.length + 40 },
    advance(time: number) {
      text.count = time === text.time ? text.count + 1 : 1
      text.time = time
    },
    put(out: Bytes) {
      putBytes(out, start)
      putNumber(out, text.time)
      out.bytes[out.length++] = 46
      putNumber(out, text.time === begin ? Math.max(text.count, given) : text.count)
    },
  }
  return text
}

/** Tells recorded time by the clock: at `begin`, microseconds since 1970, when it is made, then `speed` times as fast as the clock. */
function pacer(timers: Timers, speed: number, begin: number) {
  const started = timers.steady()
  const reachedNow = () =>
    speed === Number.POSITIVE_INFINITY ? speed : begin + (timers.steady() - started) * 1000 * speed
  let known = reachedNow()
  return {
    /** The recorded time that has been reached, as it was last looked at. */
    reached: () => known,
    /** Milliseconds until a recorded time is reached; 0 where it is. */
    wait(time: number): number {
      known = reachedNow()
      return known >= time ? 0 : Math.max(1, Math.ceil((time - known) / 1000 / speed))
    },
  }
}
