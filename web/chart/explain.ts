/** What is to be said of a window, in words. */

import { lackOf, MEANINGS, missingText } from '../../figures/coverage.ts'
import { grouped } from '../../figures/pipeline.ts'
import type { CoverageRow } from '../../figures/rows.ts'
import type { Candle } from '../model/candle-book.ts'

/** What a window lacks, of which `row` tells where it is known; undefined where it lacks nothing. */
export function lackText(row: CoverageRow | undefined, isGap: boolean): string | undefined {
  const lack = row && lackOf([row])
  const missing = lack ? missingText(lack) : ''
  if (missing !== '') return `Of ${grouped(row?.numbered ?? 0)} numbers ${missing}.${isGap ? ' A gap.' : ''}`
  if (!isGap) return undefined
  const none = row?.numbered ? ` Of the ${grouped(row.numbered)} numbers that the exchange gave none is missing.` : ''
  return `Gap: ${MEANINGS.gap}.${none}`
}

/** What a screen reader says of a window; the figures with all their digits. */
export function spokenCandle(candle: Candle, unit: string): string {
  const { start, open, high, low, close, volume, status } = candle
  const time = start.replace('T', ' ').replace('Z', ' UTC')
  if (open === null) return `${time}: ${status === 'gap' ? 'gap, trades are missing, or may be' : 'no trades'}.`
  const state = status === 'gap' ? ' A gap: trades are missing, or may be.' : status === 'open' ? ' Still open.' : ''
  return `${time}: open ${open}, high ${high}, low ${low}, close ${close} ${unit}, volume ${volume}.${state}${candle.corrected ? ' Corrected.' : ''}`
}
