/**
 * Gold's trades of a range in the order of answers, from any number of files, without having all of them in memory: a file is opened
 * when the merge reaches its first trade, and its next row group when the merge reaches the end of the one before.
 */
import { sumOf } from '../domain/counts.ts'
import type { Ports } from '../domain/ports.ts'
import { GOLD_TABLE } from '../domain/tables.ts'
import { decodeValue } from '../iceberg/bounds.ts'
import { boundsOf } from '../iceberg/listed-file.ts'
import type { DataFile } from '../iceberg/types.ts'
import { compareTrades, readTrades, type TradeColumns, type Wanted, wantedRows } from './gold-columns.ts'

/** Trades in order: the row of each, and in which of the columns it stands. */
export interface OrderedTrades {
  readonly count: number
  readonly columns: readonly TradeColumns[]
  readonly from: Uint16Array
  readonly rows: Int32Array
}

/** Rows whose turn comes one after the other. */
interface Run {
  readonly columns: TradeColumns
  readonly order: Int32Array
  at: number
  /** Its place in the batch that is being made. */
  place: number
}

/** What has not been read yet: none of it is before `bound`. */
interface Unread {
  bound: number
  next(): Promise<Run | undefined>
}

const BATCH_ROWS = 8_192

/** `more`: trades that are in no file of Gold's. @throws Corrupt; NotFound */
export async function* tradesInOrder(
  ports: Pick<Ports, 'store'>,
  files: readonly DataFile[],
  wanted: Wanted,
  more: readonly TradeColumns[] = [],
): AsyncGenerator<OrderedTrades> {
  let unread = files.map(file => unreadOf(ports, file, wanted)).sort((a, b) => a.bound - b.bound)
  let runs = more.map(columns => runOf(columns, wanted)).filter(({ order }) => order.length > 0)
  for (;;) {
    // All that may be as early as the first of the open runs has to be open before it is given.
    for (;;) {
      const first = headOf(runs)
      // Where none is open: the earliest alone.
      const some = runs.length === 0 ? unread.slice(0, 1) : unread.filter(({ bound }) => bound <= first)
      if (some.length === 0) break
      const opened = await Promise.all(some.map(async each => ({ each, run: await each.next() })))
      for (const { each, run } of opened) {
        if (!run) unread = unread.filter(other => other !== each)
        else if (run.order.length > 0) runs.push(run)
      }
    }
    if (runs.length === 0) return
    const limit = unread.reduce((least, { bound }) => Math.min(least, bound), Number.POSITIVE_INFINITY)
    yield batchOf(runs, limit)
    runs = runs.filter(run => run.at < run.order.length)
  }
}

function unreadOf(ports: Pick<Ports, 'store'>, file: DataFile, wanted: Wanted): Unread {
  const groups = readTrades(ports, file, wanted)
  const unread: Unread = {
    bound: timesOf(file).first,
    async next() {
      const { value: columns, done } = await groups.next()
      if (done) return undefined
      // Other row groups of the file are not before the end of this one: a file is in the order of time.
      unread.bound = columns.rows > 0 ? columns.times[columns.rows - 1] : unread.bound
      return runOf(columns, wanted)
    },
  }
  return unread
}

function runOf(columns: TradeColumns, wanted: Wanted): Run {
  return { columns, order: wantedRows(columns, wanted), at: 0, place: -1 }
}

const TIME_ID = GOLD_TABLE.columns.find(({ name }) => name === 'timestamp')?.id ?? -1

/** Microseconds since 1970 that none of a file's trades is before, and that none is after. */
export function timesOf(file: DataFile): { readonly first: number; readonly last: number } {
  const { lower, upper } = boundsOf(file, TIME_ID)
  const timeOfBound = (bound: Uint8Array | undefined) => bound && decodeValue('timestamptz', bound)
  return {
    first: Number(timeOfBound(lower) ?? Number.NEGATIVE_INFINITY),
    last: Number(timeOfBound(upper) ?? Number.POSITIVE_INFINITY),
  }
}

const timeOf = ({ columns, order, at }: Run) => columns.times[order[at]]
const headOf = (runs: readonly Run[]) =>
  runs.reduce((least, run) => Math.min(least, timeOf(run)), Number.POSITIVE_INFINITY)

/** The next rows of the runs that are before `limit`; of a run that has ended nothing more is given. */
function batchOf(runs: readonly Run[], limit: number): OrderedTrades {
  const columns: TradeColumns[] = []
  // A run of a small file is far shorter than a batch may be.
  const most = Math.min(
    BATCH_ROWS,
    sumOf(runs, ({ order, at }) => order.length - at),
  )
  const [from, rows] = [new Uint16Array(most), new Int32Array(most)]
  for (const run of runs) run.place = -1
  let left = [...runs]
  let count = 0
  while (count < most && left.length > 0) {
    let first = left[0]
    let second = Number.POSITIVE_INFINITY
    for (let i = 1; i < left.length; i++) {
      const run = left[i]
      if (compareTrades(run.columns, run.order[run.at], first.columns, first.order[first.at]) < 0) {
        second = Math.min(second, timeOf(first))
        first = run
      } else second = Math.min(second, timeOf(run))
    }
    if (timeOf(first) >= limit) break
    if (first.place < 0) first.place = columns.push(first.columns) - 1
    const {
      order,
      columns: { times },
      place,
    } = first
    const end = Math.min(second, limit)
    // At least the first; then all that come before any of another run.
    do {
      from[count] = place
      rows[count++] = order[first.at++]
    } while (count < most && first.at < order.length && times[order[first.at]] < end)
    if (first.at === order.length) left = left.filter(run => run !== first)
  }
  return { count, columns, from, rows }
}
