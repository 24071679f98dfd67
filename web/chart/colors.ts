/** The chart's colours: those of the style sheet, for a canvas that cannot read it. */

export interface ChartColors {
  readonly text: string
  readonly muted: string
  readonly background: string
  readonly grid: string
  readonly up: string
  readonly down: string
  readonly gap: string
  readonly accent: string
  readonly vwap: string
  /** The markets that are laid over the first. */
  readonly lines: readonly string[]
}

export function chartColors(): ChartColors {
  const style = getComputedStyle(document.documentElement)
  const read = (name: string) => style.getPropertyValue(`--${name}`).trim()
  return {
    ...{ text: read('text'), muted: read('muted'), background: read('panel'), grid: read('grid') },
    ...{ up: read('up'), down: read('down'), gap: read('gap'), accent: read('accent'), vwap: read('vwap') },
    lines: ['line-1', 'line-2', 'line-3', 'line-4'].map(read),
  }
}
