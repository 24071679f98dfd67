/** What stands in the place of what is not there: that there is none, that it is asked for, or why nobody can know it. */
import type { Seen } from '../seen.ts'

/** `none`: what is said where it is known that there is none; `asked`: what is said while it is asked for. */
export function emptyText(
  { connection }: Pick<Seen, 'connection'>,
  isKnown: boolean,
  none: string,
  asked: string,
): string {
  if (isKnown) return none
  if (connection.kind === 'broken') return 'Not known: the connection is broken.'
  if (connection.kind === 'locked') return 'Not known: a key is needed.'
  return asked
}
