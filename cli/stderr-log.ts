/** A command's log where no lake's folder has one: only what went wrong, as JSON on standard error. */
import type { Log } from '../domain/ports.ts'

const said = (level: string, message: string, fields: object) =>
  console.error(JSON.stringify({ level, message, ...fields }))

export const STDERR: Log = {
  info: () => {},
  warn: (message, fields) => said('WARN', message, fields),
  error: (message, fields) => said('ERROR', message, fields),
}
