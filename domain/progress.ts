/** How long work gets on, told to whoever shows it; what nobody shows costs nothing. */

export interface Progress {
  /**
   * A part of the work begins, and the one before it is over. `part`: what it is, in words. `unit`: what it is counted in, one of them
   * (`record`; `byte` for sizes). `total`: how many there are, where that is known.
   */
  begin(part: string, unit: string, total?: number): void
  /** So many more are done. */
  add(count: number): void
  /** So many are done in all, of so many. */
  at(done: number, total: number): void
}

/** For whom nobody shows it. */
export const UNTOLD: Progress = { begin() {}, add() {}, at() {} }
