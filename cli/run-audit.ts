/** Audits that are asked for over HTTP, of the lake that a command looks at. */
import type { RunAudit } from '../domain/server-ports.ts'
import type { LAKE_OPTIONS, Values } from './command.ts'

/** What an audit needs is loaded with the first one. */
export function auditOf(values: Values<typeof LAKE_OPTIONS>): RunAudit {
  return async steps => {
    const [{ auditAfresh }, { openToRead }] = await Promise.all([import('./audit.ts'), import('./open-lake.ts')])
    return auditAfresh(() => openToRead(values), { steps })
  }
}
