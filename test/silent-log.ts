import type { Log } from '../domain/ports.ts'

/** A log that nobody reads. */
export const SILENT: Log = { info: () => {}, warn: () => {}, error: () => {} }
