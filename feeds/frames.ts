/**
 * Files of recorded WebSocket frames, one line each:
 * `URL <-> TIME` a connection was opened, `URL <- TIME: JSON` we sent, `TIME: JSON` we received. TIME is unix seconds.
 */
import { BadInput } from '../domain/errors.ts'

export interface Frame {
  /** When it was received, microseconds since 1970. */
  readonly receivedAt: bigint
  /** The JSON as it came, not yet looked at. */
  readonly json: string
  /** From 1. */
  readonly line: number
}

const RECEIVED = /^(\d{1,12})(?:\.(\d+))?: (.*)$/
const OTHER = /^\w+:\/\/\S+ (?:<-> \d+(?:\.\d+)?|<- \d+(?:\.\d+)?: .*)$/

/** The received frames of a file's lines, in their order. `file` is for messages. @throws BadInput naming file and line */
export async function* framesOf(lines: Iterable<string> | AsyncIterable<string>, file: string): AsyncGenerator<Frame> {
  let line = 0
  for await (const raw of lines) {
    line++
    const text = raw.trimEnd()
    const match = RECEIVED.exec(text)
    if (match) {
      const [, seconds, fraction = '', json] = match
      // Recorders print a float: digits beyond the sixth are noise.
      yield { receivedAt: BigInt(seconds + fraction.padEnd(6, '0').slice(0, 6)), json, line }
    } else if (text !== '' && !OTHER.test(text))
      throw new BadInput(
        `${file}:${line} is not a recorded frame: expected 'TIME: JSON', 'URL <- TIME: JSON' or 'URL <-> TIME'.`,
      )
  }
}
