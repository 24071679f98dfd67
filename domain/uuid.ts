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

const [DIGIT, HYPHEN] = [1, 2]
/** What each byte is in a UUID, in either case. */
const KINDS = Uint8Array.from({ length: 256 }, (_, byte) => {
  const letter = String.fromCharCode(byte)
  return /[0-9a-f]/i.test(letter) ? DIGIT : letter === '-' ? HYPHEN : 0
})
/** 8-4-4-4-12 hexadecimal digits (RFC 9562 section 4). */
const FORM = Uint8Array.from('xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx', letter => (letter === '-' ? HYPHEN : DIGIT))

/** Whether bytes[start, end) have a UUID's form. */
export function isUuidAt(bytes: Uint8Array, start: number, end: number): boolean {
  if (end - start !== FORM.length) return false
  for (let i = 0; i < FORM.length; i++) if (KINDS[bytes[start + i]] !== FORM[i]) return false
  return true
}
