/** What is to be said of a window, in words. */

import type { CoverageRow } from '../../figures/rows.ts'
import type { Candle } from '../model/candle-book.ts'

/** Why a window is a gap; with what is known of its trades' numbers. */
export function gapText(coverage: CoverageRow | undefined): string {
  const plain = 'Gap: trades of this window are missing, may be, or could not be read.'
  if (!coverage || coverage.numbered === null || coverage.missing === null) return plain
  const { numbered, missing, refused, lost, unreadable, open } = coverage
  const kinds = [
    lost > 0 && `${lost} cannot be had any more`,
    unreadable > 0 && `${unreadable} could not be read`,
    open > 0 && `${open} are still looked for`,
    refused > 0 && `${refused} came and were refused`,
  ].filter(Boolean)
  if (missing === 0)
    return `${plain} Of the ${numbered} numbers that the exchange gave none is missing: the feed was cut off in it.`
  return `Gap: ${missing} of ${numbered} trades that the exchange numbered are missing${kinds.length > 0 ? `: ${kinds.join(', ')}` : ''}.`
}

/** What a screen reader says of a window; the figures with all their digits. */
export function spokenCandle(candle: Candle, unit: string): string {
  const { start, open, high, low, close, volume, status } = candle
  const time = start.replace('T', ' ').replace('Z', ' UTC')
  if (open === null) return `${time}: ${status === 'gap' ? 'gap, trades are missing' : 'no trades'}.`
  const state = status === 'gap' ? ' A gap: trades are missing.' : status === 'open' ? ' Still open.' : ''
  return `${time}: open ${open}, high ${high}, low ${low}, close ${close} ${unit}, volume ${volume}.${state}${candle.corrected ? ' Corrected.' : ''}`
}
