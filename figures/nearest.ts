/** What is said of a name that there is not, and the names that somebody may have meant: the API, the page and the commands say it with these alone. */

/** So many names are said in full; of more, the first few. */
const MOST = 20
const FEW = 5

/**
 * `There is no symbol BTCUSTD on BINANCE: the nearest is BTCUSDT.` `what`: `symbol`, `column`; `otherwise`: what is said where there are no
 * names at all; `where`: behind the name, with a space before it.
 */
export function noneText(what: string, wrong: string, names: Iterable<string>, otherwise: string, where = ''): string {
  return `There is no ${what} ${wrong}${where}: ${nearest(wrong, names) ?? otherwise}.`
}

/** In words, the name of those there are that is most like a wrong one, or some of them where none is like it; undefined where there are none. */
export function nearest(wrong: string, names: Iterable<string>): string | undefined {
  const all = byLikeness(wrong, names)
  const [near] = all
  if (near === undefined) return undefined
  if (isLike(wrong, near)) return `the nearest is ${near}`
  if (all.length === 1) return `there is only ${near}`
  const given = [...names]
  if (given.length > MOST) return `there are ${given.slice(0, FEW).join(', ')} and ${given.length - FEW} more`
  return `there are ${given.join(', ')}`
}

/** Names, the most like one first: letters that changed places before one that is left out. */
export function byLikeness(wrong: string, names: Iterable<string>): string[] {
  const offLength = (name: string) => Math.abs(name.length - wrong.length)
  return [...names]
    .map(name => ({ name, distance: distanceOf(wrong, name) }))
    .sort(
      (a, b) => a.distance - b.distance || offLength(a.name) - offLength(b.name) || a.name.localeCompare(b.name, 'en'),
    )
    .map(({ name }) => name)
}

/** Two letters may be wrong, or every third; and what begins as the other does was not written to its end. */
function isLike(wrong: string, name: string): boolean {
  const begins = wrong.length > 1 && (name.startsWith(wrong) || wrong.startsWith(name))
  const distance = distanceOf(wrong, name)
  return begins || (distance < name.length && distance <= Math.max(2, Math.max(wrong.length, name.length) / 3))
}

/** Letters to put in, take out, change, or swap with the next one, until one text is the other (optimal string alignment distance). */
function distanceOf(a: string, b: string): number {
  let before: readonly number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, i) => i)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      next[j] = Math.min(row[j] + 1, next[j - 1] + 1, row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1))
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        next[j] = Math.min(next[j], before[j - 2] + 1)
    }
    before = row
    row = next
  }
  return row[b.length]
}
