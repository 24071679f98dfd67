/** The read API of a server that runs elsewhere. */
import { BadInput } from '../domain/errors.ts'
import type { AskApi } from './terminal/requests.ts'

/** `url`: of the server, as it prints it. `key`: where it asks for one. @throws BadInput where it is no address */
export function remoteApi(url: string, key: string | undefined): AskApi {
  const server = URL.canParse(url) ? new URL(url) : undefined
  if (!server || !/^https?:$/.test(server.protocol))
    throw new BadInput(`--url ${url} is no address: give one as http://127.0.0.1:8080.`)
  const base = server.href.replace(/[#?].*$/, '').replace(/\/*$/, '')
  const headers = key === undefined || key === '' ? {} : { authorization: `Bearer ${key}` }
  return (path, signal) => fetch(`${base}/v1/${path}`, { headers, signal })
}
