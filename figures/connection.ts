/** What became of the connection to the server, in words, and when it is tried again. */

export type Connection =
  | { readonly kind: 'connecting' }
  /** `restored`: it had been broken; nothing is missing of that time. */
  | { readonly kind: 'live'; readonly sinceMs: number; readonly restored: boolean }
  | { readonly kind: 'broken'; readonly sinceMs: number; readonly reason: string; readonly nextMs: number }
  /** Someone's key is needed first. */
  | { readonly kind: 'locked' }

const FIRST_MS = 500
const LONGEST_MS = 10_000

/** Milliseconds until the next try, after so many that failed. */
export const retryAfter = (failures: number): number => Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.max(0, failures - 1))

/** The one that a person has to know of. */
export function worstOf(connections: readonly Connection[]): Connection | undefined {
  const rank = { locked: 3, broken: 2, connecting: 1, live: 0 } as const
  return connections.reduce<Connection | undefined>(
    (worst, each) => (worst === undefined || rank[each.kind] > rank[worst.kind] ? each : worst),
    undefined,
  )
}
