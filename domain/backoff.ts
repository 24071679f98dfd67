/** Pauses that double from try to try, so that a system that is down is asked less and less often. */

export interface Backoff {
  readonly firstMs: number
  readonly lastMs: number
}

/** The pause in milliseconds, doubled with each failure; `failures` is 0 after the first one. */
export function pauseMs({ firstMs, lastMs }: Backoff, failures: number): number {
  return Math.min(firstMs * 2 ** failures, lastMs)
}
