/** What an object key may be, so that one key means the same object in a folder and in S3. */
import { TradelakeError } from '../domain/errors.ts'

/** S3 allows this many UTF-8 bytes. */
const MAX_KEY_BYTES = 1024
/** Where the folder store keeps files that are not yet objects; no key may begin with it. */
export const TEMPORARY_FOLDER = '.tmp'

/** @throws TradelakeError where a key could leave the root, or is not a plain `/`-separated path */
export function checkKey(key: string): void {
  const segments = key.split('/')
  const plain = segments.every(segment => segment !== '' && segment !== '.' && segment !== '..')
  const clean = key.isWellFormed() && !key.includes('\0') && !key.includes('\\') && segments[0] !== TEMPORARY_FOLDER
  if (!plain || !clean || Buffer.byteLength(key) > MAX_KEY_BYTES)
    throw new TradelakeError(`Object key ${JSON.stringify(key)} is refused: use names joined by single slashes.`)
}

/** @throws TradelakeError where the range is not valid: both ends are whole numbers, the start not after the end */
export function checkRange(key: string, start: number, end: number): void {
  if (!Number.isSafeInteger(start) || !Number.isSafeInteger(end) || start < 0 || end < start)
    throw new TradelakeError(
      `Range ${start}-${end} of object ${key} is not a range: give whole bytes, the start first.`,
    )
}

/**
 * The order of UTF-8 bytes, which is that of code points: S3 and DynamoDB both sort this way, JavaScript's `<` does
 * not.
 */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i)
    const right = b.charCodeAt(i)
    if (left !== right) return rank(left) - rank(right)
  }
  return a.length - b.length
}

/** Moves surrogates, which stand for code points beyond U+FFFF, above all other code units. */
function rank(unit: number): number {
  return unit >= 0xe000 ? unit - 0x800 : unit >= 0xd800 ? unit + 0x2000 : unit
}
