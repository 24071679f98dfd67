/** What stands in the place of what is not there: that there is none, that it is asked for, or why nobody can know it. */
import type { Seen } from '../seen.ts'

/** `none`: what is said where it is known that there is none; `asked`: what is said while it is asked for. */
export function emptyText(seen: Pick<Seen, 'connection'>, isKnown: boolean, none: string, asked: string): string {
  return isKnown ? none : unknownText(seen, asked)
}

/** The same of what is not known yet. */
export function unknownText({ connection }: Pick<Seen, 'connection'>, asked: string): string {
  if (connection.kind === 'broken') return 'Not known: the connection is broken.'
  if (connection.kind === 'locked') return 'Not known: a key is needed.'
  return asked
}
