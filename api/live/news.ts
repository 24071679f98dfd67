/** What a step of a table brings: messages that all who follow it share. */
import type { Bytes } from './bytes.ts'

export interface News {
  readonly count: number
  /** The market of a message, by `marketKey`. */
  market(index: number): string
  type(index: number): string
  /** The most bytes of a message's data. */
  room(index: number): number
  /** Writes a message's data; there is room. */
  put(out: Bytes, index: number): void
  /** What it takes in memory, in bytes. */
  readonly weight: number
}

export const NO_NEWS: News = {
  count: 0,
  market: () => '',
  type: () => '',
  room: () => 0,
  put: () => {},
  weight: 1,
}
