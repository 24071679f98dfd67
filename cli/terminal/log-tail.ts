/** The newest lines of a lake's log, and apart from them its newest warnings and errors, which many other lines would push out. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { LogLine } from './seen.ts'

const [MOST_LINES, MOST_WARNINGS] = [2_000, 500]
/** No more of a long log's end is ever read. */
const MOST_BYTES = 16 * 1024 * 1024
/** How such lines begin, as the embedded lake writes them. */
const WARNING = /^\{"level":"(?:WARN|ERROR)"/

const NOTHING = { log: [] as readonly LogLine[], warnings: [] as readonly LogLine[] }

interface LogTail {
  /** What is new is read. Both lists have the newest first; `undefined` where there is no such file. */
  read(): typeof NOTHING | undefined
}

export function createLogTail(path: string): LogTail {
  let seen = NOTHING
  /** Bytes of the file that have been read. */
  let done = 0
  return {
    read() {
      let file: number
      try {
        file = openSync(path, 'r')
      } catch {
        return undefined
      }
      try {
        const { size } = fstatSync(file)
        // A shorter file is another one.
        if (size < done) [seen, done] = [NOTHING, 0]
        const start = Math.max(done, size - MOST_BYTES)
        const bytes = Buffer.alloc(size - start)
        const read = readSync(file, bytes, 0, bytes.length, start)
        const end = bytes.lastIndexOf('\n', read - 1) + 1
        // The first may have been cut, and the last is still being written.
        const texts = bytes
          .toString('utf8', 0, end)
          .split('\n')
          .slice(start > done ? 1 : 0, -1)
        done = start + end
        seen = {
          log: newest(texts, seen.log, MOST_LINES),
          warnings: newest(
            texts.filter(text => WARNING.test(text)),
            seen.warnings,
            MOST_WARNINGS,
          ),
        }
        return seen
      } finally {
        closeSync(file)
      }
    },
  }
}

/** New lines in front of those that are known, as many as are kept. */
const newest = (texts: readonly string[], known: readonly LogLine[], most: number): readonly LogLine[] =>
  [...texts.slice(-most).map(logLine).toReversed(), ...known].slice(0, most)

/** A line as the embedded lake writes it; any other text is a message. */
function logLine(text: string): LogLine {
  try {
    const { level, timestamp, message, requestId: _, ...fields } = JSON.parse(text) as Record<string, unknown>
    const details = Object.entries(fields).map(
      ([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
    )
    return {
      time: String(timestamp ?? ''),
      level: String(level ?? ''),
      message: String(message ?? ''),
      details: details.join(' '),
    }
  } catch {
    return { time: '', level: '', message: text, details: '' }
  }
}
