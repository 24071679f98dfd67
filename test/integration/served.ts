/** A lake's web application at a port of this machine, as `tradelake serve` opens it. */
import { type HttpServer, openHttpServer } from '../../adapters/http-server.ts'
import { type ApiOptions, createApi } from '../../api/app.ts'
import { USER_PREFIX } from '../../domain/names.ts'
import { openForCatalog } from '../../embedded/lake.ts'
import { filesIn, type Place } from '../../iceberg/updates/files.ts'
import { SILENT } from '../silent-log.ts'

export interface Served {
  /** The catalog's address, for clients. */
  readonly catalog: string
  close(): Promise<void>
}

/** `further`: where else users' tables may be. */
export async function serveLake(
  directory: string,
  options: Partial<ApiOptions> & { readonly further?: readonly Place[] } = {},
): Promise<Served> {
  const { further = [], ...rest } = options
  const { ports, close } = openForCatalog(directory)
  const files = filesIn([{ store: ports.store, prefix: USER_PREFIX }, ...further])
  const api = createApi({ ports: { ...ports, files }, log: SILENT, auth: 'none', ...rest })
  const server: HttpServer = await openHttpServer(request => api.fetch(request), { host: '127.0.0.1', port: 0 })
  return {
    catalog: `${server.url}/iceberg`,
    async close() {
      await server.close()
      close()
    },
  }
}
