/**
 * What an attempt at a commit wrote, for the next one. Gold's table has one pointer, which compaction and the Gold of other exchanges move
 * too: most conflicts say nothing about these trades, and reading, sorting and writing them is nearly all of the work.
 */
import type { PendingItem } from '../../domain/pending.ts'
import type { Clock } from '../../domain/ports.ts'
import type { TimeRange } from '../../domain/ranges.ts'
import type { StoredGold } from '../../tables/gold-repeats.ts'
import type { GoldFiles } from './trades.ts'

interface Made {
  /** When its first file was begun, milliseconds since 1970. */
  readonly started: number
  readonly made: GoldFiles
}

export interface Attempt {
  /**
   * The files of the attempt before, where it was for the same items and `stored` names the same of Gold's files for each range that it
   * looked into, so that it would find the same repeats; else `write` makes them.
   */
  again(
    items: readonly PendingItem<unknown>[],
    stored: StoredGold,
    clock: Pick<Clock, 'now'>,
    write: (stored: StoredGold) => Promise<GoldFiles>,
  ): Promise<Made>
}

export function rememberAttempt(): Attempt {
  let last: (Made & { readonly items: string; readonly looked: ReadonlyMap<TimeRange, string> }) | undefined
  return {
    async again(items, stored, clock, write) {
      const generations = items.map(({ generation }) => generation).join()
      if (last?.items === generations && (await isSame(last.looked, stored))) return last
      last = undefined
      const looked = new Map<TimeRange, string>()
      const started = clock.now()
      const made = await write(async range => {
        const files = await stored(range)
        looked.set(range, keysOf(files))
        return files
      })
      last = { started, made, items: generations, looked }
      return last
    },
  }
}

async function isSame(looked: ReadonlyMap<TimeRange, string>, stored: StoredGold): Promise<boolean> {
  for (const [range, keys] of looked) if (keysOf(await stored(range)) !== keys) return false
  return true
}

const keysOf = (files: readonly { readonly key: string }[]) =>
  files
    .map(({ key }) => key)
    .sort()
    .join()
