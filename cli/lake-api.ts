/** The read API of a lake in this process, for what goes on: the code that `tradelake serve` answers with. */
import { systemTimers } from '../adapters/system.ts'
import { type ApiOptions, createApi, STATE_AGE_MS } from '../api/app.ts'
import type { Log } from '../domain/ports.ts'
import type { LAKE_OPTIONS, Values } from './command.ts'
import { openForCatalog } from './open-lake.ts'
import { auditOf } from './run-audit.ts'
import type { AskApi } from './terminal/requests.ts'

/** Whoever asks is told what went wrong; the screen is no place for a log. */
const SILENT: Log = { info() {}, warn() {}, error() {} }

/** `more`: as of `createApi`. */
export function apiOf(
  ports: ApiOptions['ports'],
  more: Pick<ApiOptions, 'stateAgeMs' | 'feeds' | 'audit'> = {},
): AskApi {
  const api = createApi({
    ...{ ports, log: SILENT, auth: 'none', ...more },
    live: { timers: systemTimers(), isStreaming: true },
  })
  return async (path, signal) => api.request(`http://localhost/v1/${path}`, { headers: { host: 'localhost' }, signal })
}

/** @throws BadInput where there is no such lake */
export async function openLakeApi(
  place: Values<typeof LAKE_OPTIONS>,
): Promise<{ readonly ask: AskApi; readonly directory: string | undefined; close(): void }> {
  const lake = await openForCatalog(place)
  const isDeployed = place.stack !== undefined
  return {
    ask: apiOf(lake.ports, { stateAgeMs: isDeployed ? STATE_AGE_MS : 0, audit: auditOf(place) }),
    directory: isDeployed ? undefined : place.data,
    close: () => lake.close(),
  }
}
