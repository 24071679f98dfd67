/** Structured logs as JSON lines in a file, for the embedded runtime: its terminal belongs to the live view. */
import { closeSync, openSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import type { Clock, Log, LogFields } from '../domain/ports.ts'
import { fileError } from './file-errors.ts'

export interface LogFile extends Log {
  close(): void
}

/** Where the lake in a folder has its log. */
export const logPath = (directory: string): string => join(directory, 'tradelake.log')

/** Appends to the folder's log. @throws BadInput where it cannot be written */
export function createLogFile(directory: string, clock: Pick<Clock, 'now'>): LogFile {
  const path = logPath(directory)
  let file: number
  try {
    file = openSync(path, 'a')
  } catch (error) {
    throw fileError(error, path, 'opening the log')
  }
  const write = (level: string, message: string, fields: LogFields) => {
    const line = { level, timestamp: new Date(clock.now()).toISOString(), message, ...fields }
    try {
      writeSync(file, `${JSON.stringify(line)}\n`)
    } catch (error) {
      throw fileError(error, path, 'writing the log')
    }
  }
  return {
    info: (message, fields) => write('INFO', message, fields),
    warn: (message, fields) => write('WARN', message, fields),
    error: (message, fields) => write('ERROR', message, fields),
    close: () => closeSync(file),
  }
}
