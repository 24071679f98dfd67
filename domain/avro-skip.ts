/**
 * Whether bytes are a body of a writer's schema, without making values of them (Avro specification, "Binary
 * Encoding"). A decoded body may be far larger than its bytes: an `array<null>` of 4·10^10 items takes seven. Here the
 * number of items that take no bytes is limited, and so is the depth of nested records, so that the check takes no
 * longer than the bytes warrant.
 */
import { type AvroReader, createReader, readIndex, readLength, readLong } from './avro-reader.ts'

/** The most items without bytes in all arrays of one body: no honest message has more. */
const MAX_EMPTY_ITEMS = 1_000
const MAX_DEPTH = 64

type Skip = (reader: AvroReader, budget: Budget) => boolean

interface Budget {
  emptyItems: number
  depth: number
}

/** Says what is wrong with a body, or gives undefined where it is whole. The schema has to be a valid one. */
export function bodyChecker(schema: unknown): (body: Uint8Array) => string | undefined {
  const skip = skipOf(schema, new Map(), '')
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

interface Complex {
  readonly type: unknown
  readonly name?: string
  readonly namespace?: string
  readonly fields?: readonly { readonly type: unknown }[]
  readonly symbols?: readonly string[]
  readonly items?: unknown
  readonly values?: unknown
  readonly size?: number
}

/** `named`: the types that were defined before, by full name. */
function skipOf(schema: unknown, named: Map<string, Skip>, space: string): Skip {
  if (Array.isArray(schema)) return skipUnion(schema.map(branch => skipOf(branch, named, space)))
  if (typeof schema === 'string') {
    const known = PRIMITIVES[schema] ?? named.get(fullName(schema, space)) ?? named.get(schema)
    // A type may contain itself, so its name is looked up only when a body comes.
    return known ?? ((reader, budget) => (named.get(fullName(schema, space)) as Skip)(reader, budget))
  }
  const complex = schema as Complex
  const { type } = complex
  if (typeof type !== 'string') return skipOf(type, named, space)
  const inner = complex.name === undefined ? space : spaceOf(complex, space)
  const define = (skip: Skip): Skip => {
    if (complex.name !== undefined) named.set(fullName(complex.name, inner), skip)
    return skip
  }
  switch (type) {
    case 'record':
    case 'error': {
      const fields: Skip[] = []
      const skip = define(skipRecord(fields))
      for (const field of complex.fields ?? []) fields.push(skipOf(field.type, named, inner))
      return skip
    }
    case 'enum': {
      const count = complex.symbols?.length ?? 0
      return define(reader => readIndex(reader, count) >= 0)
    }
    case 'fixed':
      return define(bytesOf(complex.size ?? 0))
    case 'array':
      return skipItems(skipOf(complex.items, named, space))
    case 'map': {
      const value = skipOf(complex.values, named, space)
      return skipItems((reader, budget) => skipText(reader, budget) && value(reader, budget))
    }
    default:
      return skipOf(type, named, space)
  }
}

function fullName(name: string, space: string): string {
  return name.includes('.') || space === '' ? name : `${space}.${name}`
}

function spaceOf({ name = '', namespace }: Complex, space: string): string {
  const dot = name.lastIndexOf('.')
  return dot >= 0 ? name.slice(0, dot) : (namespace ?? space)
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
