/** Node's file system errors as one line that names the path and says what to do. */
import { BadInput, Misplaced, messageOf, Throttled, TradelakeError } from '../domain/errors.ts'

/** The system's code of a thrown value (`ENOENT`), or undefined. */
export function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  return typeof code === 'string' ? code : undefined
}

/** What to throw for a failed file operation. `doing` completes "while …". */
export function fileError(error: unknown, path: string, doing: string): TradelakeError {
  if (error instanceof TradelakeError) return error
  const options = { cause: error }
  switch (codeOf(error)) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new TradelakeError(
        `The disk of ${path} is full (while ${doing}): free some space and start again.`,
        options,
      )
    case 'EROFS':
      return new BadInput(`${path} is on a read-only file system (while ${doing}): choose another directory.`, options)
    case 'EACCES':
    case 'EPERM':
      return new BadInput(`No permission for ${path} (while ${doing}): change its owner or mode.`, options)
    case 'ENOTDIR':
    case 'EISDIR':
    case 'EEXIST':
      return new Misplaced(
        `${path} is a folder where a file is expected, or is below a file (while ${doing}): move that away, or choose another place.`,
        options,
      )
    case 'EMFILE':
    case 'ENFILE':
      return new Throttled(`Too many open files for ${path} (while ${doing}): raise ulimit -n.`, options)
    default:
      return new TradelakeError(`${path} failed (while ${doing}): ${messageOf(error)}`, options)
  }
}
