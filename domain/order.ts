/** Orders for `sort`: text by UTF-16 code units, numbers and bigints by size. */

/** Below zero where `a` comes first, above it where `b` does, 0 where they are equal. */
export function compare<T extends bigint | number | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0
}
