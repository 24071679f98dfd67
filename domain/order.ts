/** Orders for `sort`: text by UTF-16 code units, numbers and bigints by size; and the search in what is in order. */

/** Below zero where `a` comes first, above zero where `b` does, 0 where they are equal. */
export function compare<T extends bigint | number | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The first of so many places from which on a test holds, found by halves; their number where it holds at none. */
export function firstWhere(places: number, holds: (place: number) => boolean): number {
  let [low, high] = [0, places]
  while (low < high) {
    const middle = (low + high) >> 1
    if (holds(middle)) high = middle
    else low = middle + 1
  }
  return low
}
