/** A lake's web application in a process of its own, as `tradelake serve` opens it but for its clock, which its parent may move on. */
import { openHttpServer } from '../../adapters/http-server.ts'
import { systemTimers } from '../../adapters/system.ts'
import { createApi } from '../../api/app.ts'
import { openFolderForCatalog } from '../../embedded/lake.ts'
import { SILENT } from '../silent-log.ts'

/** What the parent is told, and what it says. */
export type FromServer = { readonly url: string } | { readonly advanced: true }
export type ToServer = { readonly advanceMs: number }

const { ports, close } = openFolderForCatalog(process.argv[2])
let aheadMs = 0
const api = createApi({
  ports: { ...ports, clock: { ...ports.clock, now: () => ports.clock.now() + aheadMs } },
  ...{ log: SILENT, auth: 'none', live: { timers: systemTimers(), isStreaming: true } },
})
const server = await openHttpServer((request, connection) => api.fetch(request, connection), {
  ...{ host: '127.0.0.1', port: 0 },
})
const tell = (message: FromServer) => process.send?.(message)
process.on('message', ({ advanceMs }: ToServer) => {
  aheadMs += advanceMs
  tell({ advanced: true })
})
process.on('disconnect', async () => {
  await server.close()
  close()
})
tell({ url: server.url })
