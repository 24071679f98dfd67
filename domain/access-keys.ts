/**
 * Keys for the lake's web application: items of the state table that hold a hash of each key's secret, what it may do, and until when.
 * A key's text is `tl_<id>_<secret>`; the secret is 32 random bytes, so that a plain hash cannot be searched.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import { BadInput, Corrupt } from './errors.ts'
import { statePartition } from './names.ts'
import type { Attributes, Ports } from './ports.ts'
import { DAY_MS } from './time.ts'

/** `write:research` is for that namespace and all within it, `write:*` for every one of users. */
export type Scope = 'read' | `write:${string}`

export interface AccessKey {
  readonly id: string
  /** What it is for, as its maker said. */
  readonly name: string
  readonly scopes: readonly Scope[]
  /** Milliseconds since 1970. */
  readonly createdAt: number
  /** Milliseconds since 1970; undefined: until it is revoked. */
  readonly expiresAt: number | undefined
}

type KeyPorts = Pick<Ports, 'state' | 'clock' | 'ids'>

const PREFIX = 'tl_'
const ID_DIGITS = 12
/** What looks like a key's whole text. */
const WITH_SECRET = new RegExp(`^(${PREFIX}[^_]*)_.*`)
const KEY = new RegExp(`^${PREFIX}([0-9a-f]{${ID_DIGITS}})_([\\w-]{43})$`)
const SCOPE = /^(?:read|write:(?:\*|[^\s\p{Cc},*]+))$/u
/** One line, which moves no cursor of a terminal that shows it. */
const NAME = /^[^\p{Cc}\p{Zl}\p{Zp}]{1,255}$/u
/** A key that has ended is shown for so long, and can be revoked; then the store removes it. */
const SHOWN_MS = 30 * DAY_MS

/** A key's text, of its two parts. */
export function keyText(id: string, secret: string): string {
  return `${PREFIX}${id}_${secret}`
}

/** Whether a text is a whole key's, not a secret alone. */
export function isKeyText(text: string): boolean {
  return text.startsWith(PREFIX)
}

/** Scopes as `read,write:research`. @throws BadInput */
export function parseScopes(text: string): Scope[] {
  const scopes = text.split(',').map(part => part.trim())
  const wrong = scopes.find(scope => !SCOPE.test(scope))
  if (wrong !== undefined)
    throw new BadInput(`${wrong || text} is no scope: give read, write:NAMESPACE or write:*, with commas between them.`)
  return scopes as Scope[]
}

/** Keeps a new key and gives its text, which is nowhere else. `secret`: 32 random bytes as base64url. @throws BadInput for a name of several lines */
export async function addKey(
  ports: KeyPorts,
  { secret, name, scopes, expiresAt }: Omit<AccessKey, 'id' | 'createdAt'> & { readonly secret: string },
): Promise<{ readonly id: string; readonly text: string }> {
  if (!NAME.test(name))
    throw new BadInput(
      `A key's name is one line of 1 to 255 characters, without control characters: ${JSON.stringify(name)}.`,
    )
  const id = ports.ids.uuid().replaceAll('-', '').slice(-ID_DIGITS)
  const attributes: Attributes = {
    ...{ hash: hashOf(secret), name, scopes: scopes.join(','), created_at: ports.clock.now() },
    // The store removes an item at its `expires_at`, in seconds.
    ...(expiresAt !== undefined && { ends_at: expiresAt, expires_at: Math.ceil((expiresAt + SHOWN_MS) / 1000) }),
  }
  const item = { key: { table: 'state' as const, partition: statePartition.keys, sort: id }, attributes }
  await ports.state.transact([{ kind: 'put', item, when: { is: 'absent' } }], ports.ids.uuid())
  return { id, text: keyText(id, secret) }
}

/** All keys, oldest first; those that have ended too, for a month. */
export async function listKeys({ state }: Pick<Ports, 'state'>): Promise<AccessKey[]> {
  const items = await state.query('state', statePartition.keys)
  return items
    .map(({ key, attributes }) => keyOf(key.sort, attributes))
    .sort((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1))
}

/** Takes a key away. @throws BadInput where there is none of this id */
export async function revokeKey({ state, ids }: Pick<Ports, 'state' | 'ids'>, given: string): Promise<void> {
  // Who revokes a key that became known has its whole text at hand, which must not become known once more.
  const id = KEY.exec(given)?.[1] ?? given.replace(WITH_SECRET, '$1_…')
  const key = { table: 'state' as const, partition: statePartition.keys, sort: id }
  if (!(await state.get(key))) throw new BadInput(`There is no key ${id}: tradelake keys list shows those there are.`)
  await state.transact([{ kind: 'remove', key }], ids.uuid())
}

/** The key whose text this is; undefined where there is none, or no longer. */
export async function findKey(
  { state, clock }: Pick<Ports, 'state' | 'clock'>,
  text: string,
): Promise<AccessKey | undefined> {
  const [, id, secret] = KEY.exec(text) ?? []
  if (id === undefined) return undefined
  const found = await state.get({ table: 'state', partition: statePartition.keys, sort: id })
  if (!found || !timingSafeEqual(Buffer.from(hashOf(secret)), Buffer.from(String(found.hash).padEnd(64).slice(0, 64))))
    return undefined
  const key = keyOf(id, found)
  return key.expiresAt !== undefined && key.expiresAt <= clock.now() ? undefined : key
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}

function keyOf(id: string, { name, scopes, created_at: createdAt, ends_at: endsAt }: Attributes): AccessKey {
  if (typeof name !== 'string' || typeof scopes !== 'string' || typeof createdAt !== 'number')
    throw new Corrupt(`The key ${id} cannot be read: revoke it, and make another.`)
  const expiresAt = typeof endsAt === 'number' ? endsAt : undefined
  return { id, name, scopes: parseScopes(scopes), createdAt, expiresAt }
}
