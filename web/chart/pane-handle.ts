/** What the view around a chart does with it. */

/** What the keys and the export do with it. */
export interface PaneHandle {
  step(windows: number): void
  leave(): void
  /** The start of the window whose figures are shown, where one was chosen; milliseconds since 1970. */
  at(): number | undefined
  /** Shows the trades of the window whose figures are shown. */
  openTrades(): void
  pan(direction: number): void
  zoom(factor: number): void
  picture(): HTMLCanvasElement | undefined
  /** The part of time that is seen, milliseconds since 1970; the end is that of the last window. */
  seen(): { readonly from: number; readonly to: number } | undefined
}

export interface Handle {
  pane?: PaneHandle
  /** A time that somebody has jumped to: its window is chosen as soon as it is there. */
  jump?: number | undefined
}
