/**
 * Immutable objects in decoded form, so that a warm commit does not read again what it wrote. One cache per store object:
 * keys are unique in a store only. What is cached never changes, so a stale entry cannot exist.
 */
import { LRUCache } from 'lru-cache'

export interface ObjectCache<V> {
  get(key: string): V | undefined
  /** `weight` counts against the limit; what was used longest ago leaves first. A value beyond the limit is not kept. */
  set(key: string, value: V, weight: number): void
}

/** One cache of a kind for each store, gone with the store. */
export function cachePerStore<V extends object>(limit: number): (store: object) => ObjectCache<V> {
  const caches = new WeakMap<object, ObjectCache<V>>()
  return store => {
    const known = caches.get(store)
    if (known) return known
    const entries = new LRUCache<string, V>({ maxSize: limit })
    const cache: ObjectCache<V> = {
      get: key => entries.get(key),
      // An empty list takes room too.
      set: (key, value, weight) => entries.set(key, value, { size: Math.max(1, weight) }),
    }
    caches.set(store, cache)
    return cache
  }
}
