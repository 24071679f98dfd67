/**
 * Immutable objects in decoded form, so that a warm commit does not read again what it wrote. One cache per store object:
 * keys are unique only within a store. What is cached never changes, so no entry can be stale.
 */
import { LRUCache } from 'lru-cache'

export interface ObjectCache<V> {
  get(key: string): V | undefined
  /**
   * `weight` counts against the limit; the least recently used entry leaves first. A value beyond the limit is not
   * kept.
   */
  set(key: string, value: V, weight: number): void
  /** The value, made where there is none: once for all who ask for it while it is being made. */
  once(key: string, make: () => Promise<Weighed<V>>): Promise<V>
  deleteWhere(isUseless: (value: V) => boolean): void
}

export interface Weighed<V> {
  readonly value: V
  readonly weight: number
}

/** One cache of a kind for each store, gone with the store. */
export function cachePerStore<V extends object>(limit: number): (store: object) => ObjectCache<V> {
  const caches = new WeakMap<object, ObjectCache<V>>()
  return store => {
    const known = caches.get(store)
    if (known) return known
    const cache = objectCache<V>(limit)
    caches.set(store, cache)
    return cache
  }
}

/** A cache of its own, for what belongs to no store. */
export function objectCache<V extends object>(limit: number): ObjectCache<V> {
  const entries = new LRUCache<string, V>({ maxSize: limit })
  const making = new Map<string, Promise<V>>()
  const cache: ObjectCache<V> = {
    get: key => entries.get(key),
    // An empty list takes room too.
    set: (key, value, weight) => entries.set(key, value, { size: Math.max(1, weight) }),
    once(key, make) {
      const known = entries.get(key)
      if (known) return Promise.resolve(known)
      let made = making.get(key)
      if (!made) {
        made = make()
          .then(({ value, weight }) => {
            cache.set(key, value, weight)
            return value
          })
          .finally(() => making.delete(key))
        making.set(key, made)
      }
      return made
    },
    deleteWhere(isUseless) {
      for (const [key, value] of [...entries.entries()]) if (isUseless(value)) entries.delete(key)
    },
  }
  return cache
}
