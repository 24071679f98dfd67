/** Pauses that double from try to try, so that what is down is asked less and less often. */

export interface Backoff {
  readonly firstMs: number
  readonly lastMs: number
}

/** The pause after so many failures since the first (0 after the first one): doubled with each, milliseconds. */
export function pauseMs({ firstMs, lastMs }: Backoff, failures: number): number {
  return Math.min(firstMs * 2 ** failures, lastMs)
}
