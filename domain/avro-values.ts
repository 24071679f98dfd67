/**
 * What `avsc` makes of a body, as values that say what kind they are. Avro's own schema resolution would promote text
 * to bytes and bytes to text, and a price that was sent as text would then be read as a number (Avro specification,
 * "Schema Resolution").
 */
import type { AvroType } from './avro-types.ts'

/** `typeName` is for people: `a double`. */
export type AvroValue =
  | ({ readonly typeName: string } & (
      | { readonly is: 'text'; readonly text: string }
      /** `scale`: digits after the point, where the type is a decimal. */
      | { readonly is: 'bytes'; readonly bytes: Uint8Array; readonly scale: number | undefined }
      /** `logical`: the type's logicalType. */
      | { readonly is: 'integer'; readonly integer: bigint; readonly logical: string | undefined }
      | { readonly is: 'list'; readonly items: readonly AvroValue[] }
      | { readonly is: 'map'; readonly entries: readonly (readonly [string, AvroValue])[] }
      | { readonly is: 'other' }
    ))
  | null

/** A value as `avsc` gives it with wrapped unions: an object whose one key names the branch. */
export function avroValue(type: AvroType, value: unknown): AvroValue {
  if (value === null || value === undefined) return null
  const { kind, logicalType, parts } = type
  const typeName = nameOf(logicalType ?? kind)
  switch (kind) {
    case 'union': {
      const [[branch, inner]] = Object.entries(value as object)
      // A named type by its full name, any other by its kind.
      const found = parts.find(part => (part.name ?? part.kind) === branch)
      return found ? avroValue(found, inner) : { typeName, is: 'other' }
    }
    case 'string':
    case 'enum':
      return { typeName, is: 'text', text: value as string }
    case 'bytes':
    case 'fixed':
      return {
        typeName,
        is: 'bytes',
        bytes: value as Uint8Array,
        scale: logicalType === 'decimal' ? type.scale : undefined,
      }
    case 'int':
    case 'long':
      return { typeName, is: 'integer', integer: BigInt(value as number | bigint), logical: logicalType }
    case 'array':
      return { typeName, is: 'list', items: (value as unknown[]).map(item => avroValue(parts[0], item)) }
    case 'map': {
      const entries = Object.entries(value as object)
      return { typeName, is: 'map', entries: entries.map(([key, entry]) => [key, avroValue(parts[0], entry)]) }
    }
    default:
      return { typeName, is: 'other' }
  }
}

/** A type's name with its article, for use in a sentence. */
function nameOf(type: string): string {
  if (type === 'bytes') return 'plain bytes'
  return `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`
}
