/**
 * Immutable objects in decoded form, so that a warm commit does not read again what it wrote. One cache per store object:
 * keys are unique in a store only. What is cached never changes, so a stale entry cannot exist.
 */

export interface LruCache<V> {
  get(key: string): V | undefined
  /** `weight` counts against the limit; what was used longest ago leaves first. */
  set(key: string, value: V, weight: number): void
}

function lruCache<V>(limit: number): LruCache<V> {
  const entries = new Map<string, { value: V; weight: number }>()
  let total = 0
  return {
    get(key) {
      const entry = entries.get(key)
      if (!entry) return undefined
      entries.delete(key)
      entries.set(key, entry)
      return entry.value
    },
    set(key, value, weight) {
      total += weight - (entries.get(key)?.weight ?? 0)
      entries.delete(key)
      entries.set(key, { value, weight })
      for (const [oldest, entry] of entries) {
        if (total <= limit || oldest === key) break
        entries.delete(oldest)
        total -= entry.weight
      }
    },
  }
}

/** One cache of a kind for each store, gone with the store. */
export function cachePerStore<V>(limit: number): (store: object) => LruCache<V> {
  const caches = new WeakMap<object, LruCache<V>>()
  return store => {
    let cache = caches.get(store)
    if (!cache) {
      cache = lruCache<V>(limit)
      caches.set(store, cache)
    }
    return cache
  }
}
