/** Candles that changed after they had closed, of all markets: what the page and the terminal list of `/v1/corrections`. */
import { isLate } from './market-figures.ts'
import { count } from './pipeline.ts'
import type { CorrectionRow } from './rows.ts'
import { instantText } from './times.ts'

/** `/v1/corrections`. */
export interface CorrectionsAnswer {
  readonly data: readonly CorrectionRow[]
  /** From which end of a window on none is left out; null where none is of any time. */
  readonly known_from: string | null
}

export interface Corrections {
  /** The one that changed last first. */
  readonly rows: readonly CorrectionRow[]
  /** How many changed within some seconds of their end, as their last trades came: these are no news. */
  readonly settled: number
  /** How many had been closed because nothing came: their exchange's trades came all together later. */
  readonly behind: number
}

/** Whether a change is one that somebody who looks at the candle has to know of. */
export const isNews = ({ end, updated, closed_by }: CorrectionRow): boolean =>
  closed_by === 'trade' && isLate(end, Date.parse(updated))

export function correctionsIn({ data }: CorrectionsAnswer): Corrections {
  const rows = data.filter(isNews).toSorted((a, b) => Date.parse(b.updated) - Date.parse(a.updated))
  const behind = data.filter(({ closed_by }) => closed_by === 'silence').length
  return { rows, behind, settled: data.length - rows.length - behind }
}

/** What is said of those that are left out; empty where there are none. */
export function leftOutText({ settled, behind }: Pick<Corrections, 'settled' | 'behind'>): string {
  const said = (candles: number, why: string) =>
    candles === 0 ? [] : [`${count(candles, 'candle')} that changed ${why} ${candles === 1 ? 'is' : 'are'} left out.`]
  return [
    ...said(settled, 'within half a minute, as the last trades came,'),
    ...said(behind, 'when an exchange that was silent, or that the lake was behind with, went on'),
  ].join(' ')
}

/** How long after its window's end a candle changed, milliseconds. */
export const lateMs = ({ end, updated }: CorrectionRow): number => Date.parse(updated) - Date.parse(end)

/** What nobody can tell of a time that begins at `sinceMs`; undefined where all of it is told. */
export function untoldText({ known_from }: CorrectionsAnswer, sinceMs: number): string | undefined {
  if (known_from === null || Date.parse(known_from) <= sinceMs) return undefined
  return `Of windows that ended before ${instantText(Date.parse(known_from)).slice(0, 16)} UTC not all can be told: snapshots of then are kept no longer.`
}
