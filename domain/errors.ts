/**
 * The errors that code must tell apart. Every message is one line: what happened, where, and what to do.
 * After a Conflict one reads again and tries again, Fenced and Corrupt stop the stage, Throttled backs off.
 */
export class TradelakeError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options)
    this.name = new.target.name
  }
}

/** Someone else's transaction came first. Read the state again and plan again from it. */
export class Conflict extends TradelakeError {
  /** Index of the first write whose condition failed, or -1 where only a concurrent transaction is known. */
  readonly index: number
  /** The attributes of the item whose condition failed; undefined where there was no item. */
  readonly found: Readonly<Record<string, unknown>> | undefined
  constructor(message: string, index: number, found?: Readonly<Record<string, unknown>>) {
    super(message)
    this.index = index
    this.found = found
  }
}

/** This writer is too old to commit: its files may be swept (deleted as unused) before a commit could name them. */
export class Fenced extends TradelakeError {}

/** The protocol cannot have written what is stored. Never retried; needs a person. */
export class Corrupt extends TradelakeError {}

/** A table is not what its definition says, and cannot become it. Never retried; needs another version of the code, or a person. */
export class SchemaMismatch extends TradelakeError {}

/** The other side asks for fewer requests, or is down for now. Back off and try again. */
export class Throttled extends TradelakeError {}

/** Somebody has the lake to itself for a while (domain/lease.ts). Nothing more was done; the work comes again. */
export class Paused extends TradelakeError {}

/** Somebody asked the work to end before it was done. */
export class Stopped extends TradelakeError {}

/** There is no object under that key. */
export class NotFound extends TradelakeError {}

/** There is an object or log record under that key already. */
export class AlreadyExists extends TradelakeError {}

/** What the person at the command line gave cannot be used; the message says what to change. */
export class BadInput extends TradelakeError {}

/** A path leads through a file as though it were a folder, or through a link where none is followed. */
export class Misplaced extends BadInput {}

/** The first line of any thrown value, for logs and one-line messages. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.split('\n', 1)[0] ?? text
}
