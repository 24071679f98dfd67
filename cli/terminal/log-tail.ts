/** The newest lines of a lake's log, as far as they are shown. */
import { closeSync, fstatSync, openSync, readSync } from 'node:fs'
import type { LogLine } from './seen.ts'

const TAIL_BYTES = 128 * 1024

/** The newest line first; `undefined` where there is no such file. */
export function tailOf(path: string): readonly LogLine[] | undefined {
  let file: number
  try {
    file = openSync(path, 'r')
  } catch {
    return undefined
  }
  try {
    const { size } = fstatSync(file)
    const start = Math.max(0, size - TAIL_BYTES)
    const bytes = Buffer.alloc(size - start)
    const read = readSync(file, bytes, 0, bytes.length, start)
    const lines = bytes.toString('utf8', 0, read).split('\n')
    // The first may have been cut, and the last is still being written.
    return lines
      .slice(start > 0 ? 1 : 0, -1)
      .map(logLine)
      .toReversed()
  } finally {
    closeSync(file)
  }
}

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
