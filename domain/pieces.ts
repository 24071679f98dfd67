/** A list in pieces that a request, a transaction or a query can take. */

/** The list in order, `size` items a piece; the last has what is left. None of an empty list. @throws RangeError for a size below 1 */
export function piecesOf<T>(list: readonly T[], size: number): T[][] {
  if (!(size >= 1)) throw new RangeError(`A piece cannot have ${size} items.`)
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size))
}
