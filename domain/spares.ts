/**
 * Large things that are used again, such as columns and buffers. What is made for each commit and thrown away after it makes V8 collect
 * all garbage every few megabytes: a third of Silver's CPU time went there (docs/adr/0028-contexts-that-stay.md).
 */
export interface Spares<T> {
  /** One that was given back; undefined where there is none. */
  take(): T | undefined
  /** Nobody may read what is given back: whoever takes it next writes over it. */
  give(spare: T): void
}

/** Keeps so many at most. */
export function sparesOf<T>(most: number): Spares<T> {
  const spares: T[] = []
  return {
    take: () => spares.pop(),
    give(spare) {
      if (spares.length < most) spares.push(spare)
    },
  }
}
