/** A lake's web application at a port of this machine, as `tradelake serve` opens it. */
import { type HttpServer, openHttpServer } from '../../adapters/http-server.ts'
import { type ApiOptions, createApi } from '../../api/app.ts'
import { openFolderForCatalog } from '../../embedded/lake.ts'
import { SILENT } from '../silent-log.ts'

export interface Served {
  /** The catalog's address, for clients. */
  readonly catalog: string
  close(): Promise<void>
}

export async function serveLake(directory: string, options: Partial<ApiOptions> = {}): Promise<Served> {
  const { ports, close } = openFolderForCatalog(directory)
  const api = createApi({ ports, log: SILENT, auth: 'none', ...options })
  const server: HttpServer = await openHttpServer((request, connection) => api.fetch(request, connection), {
    ...{ host: '127.0.0.1', port: 0 },
  })
  return {
    catalog: `${server.url}/iceberg`,
    async close() {
      await server.close()
      close()
    },
  }
}
