/** Identifiers that follow from a name, which anyone makes the same at any time, and the time in identifiers that follow from it. */
import { createHash } from 'node:crypto'

/** The UUIDv5 of a name in a namespace, which is 16 bytes (RFC 9562 section 5.5). */
export function uuidOf(namespace: Uint8Array, name: string): string {
  const hash = createHash('sha1').update(namespace).update(name).digest()
  hash[6] = (hash[6] & 0x0f) | 0x50
  hash[8] = (hash[8] & 0x3f) | 0x80
  const hex = hash.toString('hex', 0, 16)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

const VERSION_7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7/

/** When a UUIDv7 was made, milliseconds since 1970 (RFC 9562 section 5.7); undefined where the text begins with none. */
export function timeOfUuid(text: string): number | undefined {
  const found = VERSION_7.exec(text)
  return found ? Number.parseInt(found[1] + found[2], 16) : undefined
}
