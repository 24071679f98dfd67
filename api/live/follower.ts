/** Follows the tables' pointers for all who wait for something new: one look at an interval, however many they are, and none for nobody. */
import { LRUCache } from 'lru-cache'
import { Throttled } from '../../domain/errors.ts'
import type { Timers } from '../../domain/feed-ports.ts'
import type { Ports } from '../../domain/ports.ts'
import type { TableDefinition } from '../../domain/tables.ts'
import { objectCache } from '../../iceberg/cache.ts'
import { type LoadedTable, openTable } from '../../iceberg/catalog.ts'
import { currentSnapshot } from '../../iceberg/metadata.ts'
import type { Snapshot } from '../../iceberg/table-metadata.ts'
import type { News } from './news.ts'
import { currentId, type Remembered } from './steps.ts'

/** Tables, and the ids of the snapshots that somebody has seen of them. */
export type Seen = ReadonlyMap<TableDefinition, number>

export interface Follower {
  /** A table as it is now. @throws Corrupt */
  open(table: TableDefinition): Promise<LoadedTable | undefined>
  /** A table as it was last looked at. */
  latest(table: TableDefinition): LoadedTable | undefined
  /** Settles when a table has another snapshot than the one that was seen, or the signal aborts. @throws Corrupt */
  changed(seen: Seen, signal: AbortSignal): Promise<void>
  /** News that are made once for all who ask for them while they are remembered. */
  news(key: string, make: () => Promise<News>): Promise<News>
  readonly remembered: Remembered
  /** Who waits. */
  waiting(): number
}

interface Waiter {
  readonly seen: Seen
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
}

const MOST_REMEMBERED = 500
const MOST_NEWS_BYTES = 8 * 1024 * 1024

export function createFollower(
  ports: Pick<Ports, 'store' | 'state'> & { readonly timers: Timers },
  pollMs: number,
): Follower {
  const tables = new Map<TableDefinition, LoadedTable>()
  const snapshots = new LRUCache<string, Snapshot>({ max: MOST_REMEMBERED })
  const made = objectCache<News>(MOST_NEWS_BYTES)
  const waiters = new Set<Waiter>()
  let stopTimer: (() => void) | undefined
  let isLooking = false

  async function open(definition: TableDefinition): Promise<LoadedTable | undefined> {
    const table = await openTable(ports, definition)
    if (!table) return undefined
    const head = currentSnapshot(table.metadata)
    if (head) snapshots.set(`${table.name} ${head['snapshot-id']}`, head)
    tables.set(definition, table)
    return table
  }

  async function look(): Promise<void> {
    const wanted = new Set([...waiters].flatMap(({ seen }) => [...seen.keys()]))
    try {
      await Promise.all([...wanted].map(open))
      for (const { seen, resolve } of [...waiters]) if (isOld(seen)) resolve()
    } catch (error) {
      // The next look is soon enough for a store that asks to back off.
      if (!(error instanceof Throttled)) for (const { reject } of [...waiters]) reject(error)
    }
  }

  /** Looks again and again, as long as somebody waits. */
  function schedule(): void {
    if (stopTimer || isLooking || waiters.size === 0) return
    stopTimer = ports.timers.after(pollMs, async () => {
      stopTimer = undefined
      isLooking = true
      await look()
      isLooking = false
      schedule()
    })
  }

  const isOld = (seen: Seen) => [...seen].some(([table, id]) => currentId(tables.get(table)) !== id)

  return {
    open,
    latest: table => tables.get(table),
    async changed(seen, signal) {
      if (signal.aborted || isOld(seen)) return
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const waiter = { seen, resolve, reject }
      signal.addEventListener('abort', resolve as () => void)
      waiters.add(waiter)
      schedule()
      try {
        await promise
      } finally {
        signal.removeEventListener('abort', resolve as () => void)
        waiters.delete(waiter)
        if (waiters.size === 0) {
          stopTimer?.()
          stopTimer = undefined
        }
      }
    },
    news(key, make) {
      return made.once(key, async () => {
        const news = await make()
        return { value: news, weight: news.weight }
      })
    },
    remembered: (table, id) => snapshots.get(`${table} ${id}`),
    waiting: () => waiters.size,
  }
}
