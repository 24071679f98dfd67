/** A server of Node's at a port of this machine. */
import type { AddressInfo, Server } from 'node:net'
import { BadInput, messageOf } from '../domain/errors.ts'
import { codeOf } from './file-errors.ts'

export interface Address {
  readonly host: string
  /** 0 takes a free one. */
  readonly port: number
}

/** Listens there, and gives the port. @throws BadInput where it cannot be had */
export async function listen(server: Server, { host, port }: Address): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', error => {
      const taken = codeOf(error) === 'EADDRINUSE'
      reject(
        new BadInput(
          taken
            ? `Port ${port} is in use: choose another with --port.`
            : `Port ${port} cannot be used: ${messageOf(error)}`,
        ),
      )
    })
    server.listen(port, host, resolve)
  })
  return (server.address() as AddressInfo).port
}

/** Takes no more connections, and ends those that are open. */
export function endServer(server: Server & { closeAllConnections?(): void }): Promise<void> {
  return new Promise(resolve => {
    server.close(() => resolve())
    server.closeAllConnections?.()
  })
}
