/** What a request may do: everything, or what its key allows. */
import { type AccessKey, findKey } from '../domain/access-keys.ts'
import type { Ports } from '../domain/ports.ts'
import type { Namespace } from './catalog/names.ts'
import { forbidden, notAuthorized } from './errors.ts'

export interface Access {
  /** The public part of its key; empty without one. */
  readonly id: string
  mayWrite(namespace: Namespace): boolean
  /** @throws ApiError 403 where the namespace may not be written */
  requireWrite(namespace: Namespace): void
  /** Whether its key still holds, for answers that go on; there is none without keys. @throws ApiError 401 */
  readonly recheck?: () => Promise<unknown>
}

/** Who asks, by the header `Authorization`. @throws ApiError 401 */
export type Authorize = (header: string | undefined) => Promise<Access>

/**
 * A request's credentials: its header `Authorization`. A browser's WebSocket can send no header, but the subprotocols that it speaks
 * (RFC 6455, section 4.1): `new WebSocket(url, ['bearer', KEY])`. An address is no place for a key: it is written into logs.
 */
export function credentialsIn(header: (name: string) => string | undefined): string | undefined {
  const given = header('authorization')
  if (given !== undefined || header('upgrade')?.toLowerCase() !== 'websocket') return given
  const [name, key] = (header('sec-websocket-protocol') ?? '').split(',').map(part => part.trim())
  return name === 'bearer' && key ? `Bearer ${key}` : undefined
}

export const EVERYTHING: Access = { id: '', mayWrite: () => true, requireWrite: () => {} }

/** A key that was found is not looked up again for so long: a revoked one works until then. */
const REMEMBERED_MS = 5_000

/** Asks for a key as `Authorization: Bearer KEY`. */
export function byKeys(ports: Pick<Ports, 'state' | 'clock'>): Authorize {
  const known = new Map<string, { readonly access: Access; readonly until: number }>()
  const authorize: Authorize = async header => {
    const text = /^bearer +(\S+) *$/i.exec(header ?? '')?.[1]
    // PyIceberg without a token sends the word None.
    if (text === undefined || text === 'None')
      throw notAuthorized('A key is needed here: send it as Authorization: Bearer KEY (tradelake keys add makes one).')
    const now = ports.clock.steady()
    const recent = known.get(text)
    if (recent && recent.until > now) return recent.access
    known.delete(text)
    const key = await findKey(ports, text)
    if (!key)
      throw notAuthorized('There is no such key, or it has expired or was revoked: tradelake keys add makes another.')
    const access = { ...accessOf(key), recheck: () => authorize(header) }
    if (known.size >= MOST_REMEMBERED) known.clear()
    known.set(text, { access, until: now + REMEMBERED_MS })
    return access
  }
  return authorize
}

const MOST_REMEMBERED = 1_000

function accessOf({ id, scopes }: AccessKey): Access {
  const written = scopes.flatMap(scope => (scope.startsWith('write:') ? [scope.slice('write:'.length)] : []))
  const mayWrite = (namespace: Namespace) =>
    written.some(scope => scope === '*' || isWithin(namespace, scope.split('.')))
  return {
    id,
    mayWrite,
    requireWrite(namespace) {
      if (!mayWrite(namespace))
        throw forbidden(`The key ${id} may not write to ${namespace.join('.')}: its scopes are ${scopes.join(', ')}.`)
    },
  }
}

function isWithin(namespace: Namespace, outer: readonly string[]): boolean {
  return outer.every((level, depth) => namespace[depth] === level)
}
