/** The trades that a step of Gold brings. What only moves rows brings none; what writes rows anew brings those that were not there. */
import { Corrupt, NotFound } from '../../domain/errors.ts'
import type { Ports } from '../../domain/ports.ts'
import { changesBetween, changesIn } from '../../iceberg/changes.ts'
import type { DataFile } from '../../iceberg/types.ts'
import { hourOf } from '../../tables/gold.ts'
import { EVERY_TRADE, marketOf, readTrades, type TradeColumns } from '../../tables/gold-columns.ts'
import { tradesInOrder } from '../../tables/gold-order.ts'
import { problem } from '../market/problems.ts'
import { newBytes, putBytes, reserve } from './bytes.ts'
import { type News, NO_NEWS } from './news.ts'
import type { Step } from './steps.ts'
import { tradeRoom, tradeText } from './trade-text.ts'

/** More is a recording and no news. */
const MOST_TRADES = 1_000_000
/** What a trade takes with its text, in bytes. */
const TRADE_BYTES = 280

/** @throws Problem 410 where there are too many; Corrupt */
export async function tradeNews(ports: Pick<Ports, 'store'>, step: Step): Promise<News> {
  if (step.operation === 'replace' || step.operation === 'delete') return NO_NEWS
  const { added, removed } = step.operation
    ? await changesIn(ports, step.to)
    : await changesBetween(ports, step.from, step.to)
  const columns: TradeColumns[] = []
  const rows: number[] = []
  // A trade is in the file of its hour, wherever it was before.
  const before = Map.groupBy(removed, hourOf)
  for (const [hour, files] of [...Map.groupBy(added, hourOf)].sort(([a], [b]) => a - b)) {
    const known = await identities(ports, before.get(hour) ?? [])
    for await (const batch of tradesInOrder(ports, files, EVERY_TRADE))
      for (let i = 0; i < batch.count; i++) {
        const [some, row] = [batch.columns[batch.from[i]], batch.rows[i]]
        if (known.size > 0 && known.has(identityOf(some, row))) continue
        columns.push(some)
        rows.push(row)
        if (rows.length > MOST_TRADES)
          throw problem(
            410,
            `More than ${MOST_TRADES} trades came at once: GET /v1/replay has them; begin again without the cursor.`,
            'cursor',
          )
      }
  }
  return newsOf(columns, rows)
}

function newsOf(columns: readonly TradeColumns[], rows: readonly number[]): News {
  const texts = textsOf(columns, rows)
  return {
    count: rows.length,
    market: index => marketOf(columns[index], rows[index]),
    type: () => 'trade',
    room: index => tradeRoom(columns[index], rows[index]),
    put: (out, index) => {
      const { bytes, ends } = texts(index)
      putBytes(out, bytes, index % SEGMENT === 0 ? 0 : ends[(index % SEGMENT) - 1], ends[index % SEGMENT])
    },
    weight: rows.length * TRADE_BYTES + 1,
  }
}

const SEGMENT = 512

/** The trades' texts, made when they are first asked for, some hundred at a time: everybody gets the same. */
function textsOf(columns: readonly TradeColumns[], rows: readonly number[]) {
  const segments: { readonly bytes: Uint8Array; readonly ends: readonly number[] }[] = []
  const putTrade = tradeText()
  return (index: number) => {
    const place = Math.floor(index / SEGMENT)
    return (segments[place] ??= segmentAt(place * SEGMENT))
  }

  function segmentAt(first: number) {
    const out = newBytes(SEGMENT * 256)
    const ends: number[] = []
    for (let i = first; i < Math.min(rows.length, first + SEGMENT); i++) {
      reserve(out, tradeRoom(columns[i], rows[i]))
      putTrade(out, columns[i], rows[i])
      ends.push(out.length)
    }
    return { bytes: Buffer.from(out.bytes.subarray(0, out.length)), ends }
  }
}

const identityOf = (columns: TradeColumns, row: number) =>
  `${marketOf(columns, row)}|${columns.times[row]}|${columns.ids.text(row)}`

/** What names the trades of files that were removed; a file that was lost or damaged names none, and what a repair brings back of it comes again. */
async function identities(ports: Pick<Ports, 'store'>, files: readonly DataFile[]): Promise<Set<string>> {
  const found = new Set<string>()
  for (const file of files)
    try {
      for await (const columns of readTrades(ports, file, EVERY_TRADE))
        for (let row = 0; row < columns.rows; row++) found.add(identityOf(columns, row))
    } catch (error) {
      if (!(error instanceof NotFound || error instanceof Corrupt)) throw error
    }
  return found
}
