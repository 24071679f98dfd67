/** The name that somebody may have meant. */

/** In words, the name of those there are that is most like a wrong one; undefined where there are none. */
export function nearest(wrong: string, names: Iterable<string>): string | undefined {
  const [near] = [...names]
    .map(name => ({ name, distance: distanceOf(wrong, name) }))
    .sort((a, b) => a.distance - b.distance)
  return near && `the nearest is ${near.name}`
}

/** Letters to put in, take out or change until one text is the other (Levenshtein). */
function distanceOf(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1))
    row = next
  }
  return row[b.length]
}
