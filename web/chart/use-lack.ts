/** What is missing of the windows that a chart shows, as coverage counts it: the same numbers as in the Coverage view. */
import { useMemo, useRef } from 'preact/hooks'
import { type Kind, kindOf, type Lack, lackOf, WHOLE } from '../../figures/coverage.ts'
import type { CoverageRow } from '../../figures/rows.ts'
import type { Timeframe } from '../../figures/times.ts'
import { usePolled } from '../api/polled.ts'
import { askRows } from '../api/requests.ts'
import type { Candle } from '../model/candle-book.ts'

/** The answer is counted from the trades, which costs the server some work. */
const EVERY_MS = 300_000
/** The newest windows are counted anew when one closes: as many as may close between two answers of the whole, and some for what comes late. */
const NEWEST = EVERY_MS / 60_000 + 5
/** An answer has at most twice as many rows (docs/api.md): of more windows days are counted. */
const MOST_WINDOWS = 10_000
const DAY_MS = 86_400_000

const isLacking = (kind: Kind) => !WHOLE.has(kind) && kind !== 'refused'

export interface KnownLack {
  readonly whole: Lack
  /** What a window lacks, by its start in milliseconds since 1970. Undefined where windows are not counted one by one. */
  at(startMs: number): CoverageRow | undefined
  /** The starts of windows that lack trades which may be valid, where they are counted one by one: what was refused is told, and not drawn. */
  readonly lacking: ReadonlySet<number>
}

/** Undefined until it is known. Without an answer it stays so: the hatched windows tell of gaps all the same. */
export function useLack(all: readonly Candle[], timeframe: Timeframe, asOf: string | undefined): KnownLack | undefined {
  const [first, last] = [all[0], all.at(-1)]
  const end = useRef(last?.end)
  end.current = last?.end
  const gaps = all.filter(({ status }) => status === 'gap').length
  const bucketMs = all.length > MOST_WINDOWS ? DAY_MS : timeframe.ms
  const ask = async (fromMs: number, signal: AbortSignal) => {
    if (!first) return undefined
    const rows = await askRows<CoverageRow>(
      'coverage',
      {
        ...{ exchanges: first.exchange, symbols: first.symbol, bucket: bucketMs === DAY_MS ? '1d' : timeframe.name },
        // One in front: what is missing between the two is counted to the later one.
        ...{ start: new Date(fromMs - bucketMs).toISOString(), end: end.current, as_of: asOf },
      },
      signal,
    )
    return rows.filter(({ start }) => Date.parse(start) >= fromMs)
  }
  const whole = usePolled(
    // A window more each minute is no other question; one that has become a gap is.
    `${first?.exchange} ${first?.symbol} ${first?.start} ${gaps} ${bucketMs}`,
    signal => ask(first?.startMs ?? 0, signal),
    EVERY_MS,
  )
  const closed = all.at(-2)
  const newest = usePolled(
    `${first?.exchange} ${first?.symbol} ${closed?.start} ${closed?.trades} ${bucketMs}`,
    // The whole has all of an earlier state, and of days.
    async signal =>
      asOf === undefined && last && bucketMs === timeframe.ms
        ? ask(Math.max(first?.startMs ?? 0, last.startMs - NEWEST * timeframe.ms), signal)
        : undefined,
    Number.POSITIVE_INFINITY,
  )
  // Until another answer is there, the one before it stands.
  const tail = useRef(newest)
  if (newest.answer) tail.current = newest
  const answer = useMemo(() => {
    if (!whole.answer) return undefined
    const inOrder = [whole, tail.current].toSorted((a, b) => a.atMs - b.atMs)
    const byStart = new Map(inOrder.flatMap(each => (each.answer ?? []).map(row => [row.start, row] as const)))
    return [...byStart.values()]
  }, [whole.answer, tail.current.answer])
  return useMemo(() => {
    if (!answer) return undefined
    const rows = bucketMs === timeframe.ms ? answer : []
    const byStart = new Map(rows.map(row => [Date.parse(row.start), row]))
    const lacking = rows.filter(row => isLacking(kindOf(row))).map(({ start }) => Date.parse(start))
    return { whole: lackOf(answer), at: startMs => byStart.get(startMs), lacking: new Set(lacking) }
  }, [answer])
}
