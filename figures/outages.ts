/** Why connections ended, and how long there was none. */
import type { OutageRow } from './operator-rows.ts'

/** The feeds' words, as metrics and reports have them (docs/feeds.md). */
const CAUSES: Readonly<Record<string, string>> = {
  connect_failed: 'no connection could be made',
  connect_timeout: 'making a connection took too long',
  subscribe_timeout: 'the exchange did not confirm the subscription in time',
  subscribe_refused: 'the exchange refused the subscription',
  closed_by_exchange: 'the exchange closed it',
  broken: 'it broke',
  stale: 'nothing came any more',
  rotation: 'replaced before the exchange would have ended it',
  shutdown_notice: 'replaced, as the exchange asked for',
  memory: 'replaced, to free memory',
  market_retry: 'replaced, to ask again for a market that was refused',
  back_pressure: 'memory and disk were full',
  stopped: 'the feed was stopped',
}
/** A new connection stood before these ended: they cost nothing. */
const PLANNED: ReadonlySet<string> = new Set(['rotation', 'shutdown_notice', 'memory', 'market_retry'])

export const causeText = (cause: string): string | undefined => CAUSES[cause]
export const isPlanned = (cause: string): boolean => PLANNED.has(cause)

/** The word before the colon; all of a text that begins with no such word. */
export function causeOf(text: string): string {
  const [word] = text.split(':')
  return word in CAUSES ? word : text
}

export interface OutageGroup {
  readonly exchange: string
  readonly cause: string
  readonly outages: number
  /** Milliseconds: all of them together, and the longest. */
  readonly totalMs: number
  readonly longestMs: number
  /** When the last of them ended, milliseconds since 1970. */
  readonly lastMs: number
}

export const outageMs = ({ from, to }: OutageRow): number => Math.max(0, Date.parse(to) - Date.parse(from))

/** By exchange, then cause; of each exchange those that cost most time first. */
export function outageGroups(rows: readonly OutageRow[]): OutageGroup[] {
  const groups = Map.groupBy(rows, ({ exchange, cause }) => `${exchange} ${causeOf(cause)}`)
  return [...groups.values()]
    .map((some): OutageGroup => {
      const lengths = some.map(outageMs)
      return {
        ...{ exchange: some[0].exchange, cause: causeOf(some[0].cause), outages: some.length },
        ...{ totalMs: lengths.reduce((sum, each) => sum + each, 0), longestMs: Math.max(...lengths) },
        lastMs: Math.max(...some.map(({ to }) => Date.parse(to))),
      }
    })
    .sort((a, b) => (a.exchange === b.exchange ? b.totalMs - a.totalMs : a.exchange < b.exchange ? -1 : 1))
}

/** Ends by cause: those that cost something first, then by how many. */
export function endsInOrder(ends: Readonly<Record<string, number>>): [string, number][] {
  return Object.entries(ends).sort(
    ([first, a], [second, b]) => Number(isPlanned(first)) - Number(isPlanned(second)) || b - a,
  )
}
