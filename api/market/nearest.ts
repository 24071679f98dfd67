/** The name that somebody may have meant. */

const FEW = 5

/** In words, the name of those there are that is most like a wrong one, or some of them where none is like it; undefined where there are none. */
export function nearest(wrong: string, names: Iterable<string>): string | undefined {
  const all = [...names]
  const [near] = all
    .map(name => ({ name, distance: distanceOf(wrong, name) }))
    .sort((a, b) => a.distance - b.distance || a.name.localeCompare(b.name, 'en'))
  if (!near) return undefined
  if (isLike(wrong, near)) return `the nearest is ${near.name}`
  if (all.length === 1) return `there is only ${near.name}`
  const more = all.length > FEW ? ` and ${all.length - FEW} more` : ''
  return `there are ${all.slice(0, FEW).join(', ')}${more}`
}

/** Two letters may be wrong, or every third; and what begins as the other does was not written to its end. */
function isLike(wrong: string, { name, distance }: { readonly name: string; readonly distance: number }): boolean {
  const begins = wrong.length > 1 && (name.startsWith(wrong) || wrong.startsWith(name))
  return begins || (distance < name.length && distance <= Math.max(2, Math.max(wrong.length, name.length) / 3))
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
