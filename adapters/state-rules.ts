/**
 * What DynamoDB's TransactWriteItems accepts and when it refuses, as pure functions that both state stores share.
 * Source: Amazon DynamoDB API reference, TransactWriteItems, and "Service, account and table quotas".
 */
import { Conflict, TradelakeError } from '../domain/errors.ts'
import { compare } from '../domain/order.ts'
import { type Attributes, type Condition, type Key, MAX_TRANSACTION_WRITES, type Write } from '../domain/ports.ts'

const MAX_ITEM_BYTES = 400 * 1024
const MAX_TRANSACTION_BYTES = 4 * 1024 * 1024
const MAX_PARTITION_KEY_BYTES = 2048
const MAX_SORT_KEY_BYTES = 1024
const MAX_TOKEN_LENGTH = 36
/** For this long a repeat of the same call under the same token does nothing, milliseconds. */
export const TOKEN_LIFETIME_MS = 600_000

export function keyOf(write: Write): Key {
  return write.kind === 'put' ? write.item.key : write.key
}

/** One text per key; the parts cannot run into each other. */
export function keyText(key: Key): string {
  return JSON.stringify([key.table, key.partition, key.sort])
}

function nameOf(key: Key): string {
  return `${key.table}/${key.partition}/${key.sort}`
}

/** @throws TradelakeError where DynamoDB would answer ValidationException */
export function checkWrites(writes: readonly Write[], token: string): void {
  if (writes.length === 0 || writes.length > MAX_TRANSACTION_WRITES)
    throw new TradelakeError(
      `A transaction of ${writes.length} writes is refused: give 1 to ${MAX_TRANSACTION_WRITES}.`,
    )
  if (token === '' || token.length > MAX_TOKEN_LENGTH)
    throw new TradelakeError(`Transaction token '${token}' is refused: give 1 to ${MAX_TOKEN_LENGTH} characters.`)
  const seen = new Set<string>()
  let bytes = 0
  for (const write of writes) {
    const key = keyOf(write)
    checkKeyParts(key)
    if (seen.has(keyText(key)))
      throw new TradelakeError(`Two writes of one transaction name ${nameOf(key)}: join them into one.`)
    seen.add(keyText(key))
    if (write.when?.is === 'matching') checkAttributes(key, write.when.attributes)
    if (write.kind === 'put') bytes += checkItem(key, write.item.attributes)
  }
  if (bytes > MAX_TRANSACTION_BYTES)
    throw new TradelakeError(`A transaction of ${bytes} bytes is refused: at most ${MAX_TRANSACTION_BYTES}; split it.`)
}

function checkKeyParts(key: Key): void {
  const fits = (text: string, limit: number) => text !== '' && text.isWellFormed() && Buffer.byteLength(text) <= limit
  if (!fits(key.partition, MAX_PARTITION_KEY_BYTES) || !fits(key.sort, MAX_SORT_KEY_BYTES))
    throw new TradelakeError(
      `State key ${keyText(key)} is refused: both parts need text of at most 2048 and 1024 bytes.`,
    )
}

function checkItem(key: Key, attributes: Attributes): number {
  checkAttributes(key, attributes)
  let bytes = Buffer.byteLength(key.partition) + Buffer.byteLength(key.sort)
  for (const [name, value] of Object.entries(attributes))
    bytes += Buffer.byteLength(name) + (typeof value === 'string' ? Buffer.byteLength(value) : value === null ? 1 : 21)
  if (bytes > MAX_ITEM_BYTES)
    throw new TradelakeError(`State item ${nameOf(key)} has ${bytes} bytes, over 400 KB: keep its body in an object.`)
  return bytes
}

function checkAttributes(key: Key, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    const exact =
      typeof value !== 'number' || (Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value)))
    const known = value === null || typeof value === 'number' || (typeof value === 'string' && value.isWellFormed())
    if (name === '' || !name.isWellFormed() || !known || !exact)
      throw new TradelakeError(
        `Attribute '${name}' of ${nameOf(key)} cannot be stored exactly: give text or a safe number.`,
      )
  }
}

/** A copy that a later change of the caller's object does not reach; -0 is 0, as in every store. */
export function copyAttributes(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, value === 0 ? 0 : value]))
}

function holds(condition: Condition | undefined, found: Attributes | undefined): boolean {
  if (!condition) return true
  if (condition.is === 'absent') return found === undefined
  if (!found) return false
  return Object.entries(condition.attributes).every(
    ([name, value]) => Object.hasOwn(found, name) && found[name] === value,
  )
}

/** The conflict of the first write whose condition does not hold, or undefined where all hold. */
export function findConflict(
  writes: readonly Write[],
  read: (key: Key) => Attributes | undefined,
): Conflict | undefined {
  for (const [index, write] of writes.entries()) {
    if (!write.when) continue
    const key = keyOf(write)
    const found = read(key)
    if (holds(write.when, found)) continue
    const stood = found ? 'another item is there' : 'there is no item'
    return new Conflict(
      `Write ${index} on ${nameOf(key)} met a conflict: ${stood}; read it again and try again.`,
      index,
      found,
    )
  }
  return undefined
}

/** The writes as text in which equal transactions are equal, whatever the order of their attributes. */
export function canonicalWrites(writes: readonly Write[]): string {
  const sorted = (attributes: Attributes) => Object.entries(attributes).sort(([a], [b]) => compare(a, b))
  return JSON.stringify(
    writes.map(write => [
      write.kind,
      keyText(keyOf(write)),
      write.when ? [write.when.is, write.when.is === 'matching' ? sorted(write.when.attributes) : null] : null,
      write.kind === 'put' ? sorted(write.item.attributes) : null,
    ]),
  )
}

/** DynamoDB's IdempotentParameterMismatchException. */
export function tokenMismatch(token: string): TradelakeError {
  return new TradelakeError(`Transaction token ${token} was used for other writes: give every transaction its own.`)
}
