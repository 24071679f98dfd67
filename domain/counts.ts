/** Sums of counts. */

/** The sum of what `count` gives of each. */
export function sumOf<T>(items: Iterable<T>, count: (item: T) => number): number {
  let sum = 0
  for (const item of items) sum += count(item)
  return sum
}

/** The sum of both, name by name. */
export function addCounts(
  a: Readonly<Record<string, number>>,
  b: Readonly<Record<string, number>>,
): Record<string, number> {
  const sum = { ...a }
  for (const [name, count] of Object.entries(b)) sum[name] = (sum[name] ?? 0) + count
  return sum
}
