/**
 * Whether bytes are a body of a writer's schema, without making values of them (Avro specification, "Binary
 * Encoding"). A decoded body may be far larger than its bytes: an `array<null>` of 4·10^10 items takes seven. Here the
 * number of items that take no bytes is limited, and so is the depth of nested records, so that the check takes no
 * longer than the bytes warrant.
 */
import { type AvroReader, createReader, readIndex, readLength, readLong } from './avro-reader.ts'
import type { AvroType } from './avro-types.ts'

/** The most items without bytes in all arrays of one body: no honest message has more. */
const MAX_EMPTY_ITEMS = 1_000
const MAX_DEPTH = 64

type Skip = (reader: AvroReader, budget: Budget) => boolean

interface Budget {
  emptyItems: number
  depth: number
}

/** Says what is wrong with a body of this type, or gives undefined where it is whole. */
export function bodyChecker(type: AvroType): (body: Uint8Array) => string | undefined {
  const skip = skipOf(type, new Map())
  const reader = createReader()
  return body => {
    reader.bytes = body
    reader.at = 0
    reader.end = body.length
    if (!skip(reader, { emptyItems: MAX_EMPTY_ITEMS, depth: MAX_DEPTH }))
      return 'it is cut off, or claims more than it has'
    return reader.at === body.length ? undefined : `${body.length - reader.at} bytes are left over`
  }
}

const bytesOf =
  (count: number): Skip =>
  reader => {
    reader.at += count
    return reader.at <= reader.end
  }

const skipText: Skip = reader => {
  const length = readLength(reader)
  if (length < 0) return false
  reader.at += length
  return true
}

const PRIMITIVES: Readonly<Record<string, Skip>> = {
  null: () => true,
  boolean: bytesOf(1),
  int: reader => readLong(reader),
  long: reader => readLong(reader),
  float: bytesOf(4),
  double: bytesOf(8),
  bytes: skipText,
  string: skipText,
}

/** `made`: what skips the types that were met before, which may contain themselves. */
function skipOf(type: AvroType, made: Map<AvroType, Skip>): Skip {
  const known = made.get(type) ?? PRIMITIVES[type.kind]
  if (known) return known
  const parts: Skip[] = []
  const skip = skipKind(type, parts)
  made.set(type, skip)
  for (const part of type.parts) parts.push(skipOf(part, made))
  return skip
}

function skipKind({ kind, size }: AvroType, parts: readonly Skip[]): Skip {
  switch (kind) {
    case 'union':
      return skipUnion(parts)
    case 'enum':
      return reader => readIndex(reader, size) >= 0
    case 'fixed':
      return bytesOf(size)
    case 'array':
      return skipItems((reader, budget) => parts[0](reader, budget))
    case 'map':
      return skipItems((reader, budget) => skipText(reader, budget) && parts[0](reader, budget))
    default:
      return skipRecord(parts)
  }
}

function skipRecord(fields: readonly Skip[]): Skip {
  return (reader, budget) => {
    if (budget.depth === 0) return false
    budget.depth--
    for (const field of fields) if (!field(reader, budget)) return false
    budget.depth++
    return true
  }
}

function skipUnion(branches: readonly Skip[]): Skip {
  return (reader, budget) => {
    const branch = readIndex(reader, branches.length)
    return branch >= 0 && branches[branch](reader, budget)
  }
}

/** The blocks of an array or map, whose items are skipped one by one. */
function skipItems(item: Skip): Skip {
  return (reader, budget) => {
    for (;;) {
      if (!readLong(reader)) return false
      const { low, high } = reader
      if (low === 0 && high === 0) return true
      let count = high * 4294967296 + (low >>> 0)
      if (count < 0) {
        // A negative count is followed by the block's size in bytes.
        count = -count
        if (!readLong(reader) || reader.high !== 0 || reader.low < 0) return false
      }
      for (; count > 0; count--) {
        const from = reader.at
        if (!item(reader, budget)) return false
        if (reader.at === from && --budget.emptyItems < 0) return false
      }
    }
  }
}
