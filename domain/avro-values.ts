/**
 * What `avsc` makes of a body, as values that say what kind they are. Avro's own schema resolution would promote text
 * to bytes and bytes to text, and a price that was sent as text would then be read as a number (Avro specification,
 * "Schema Resolution").
 */

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

interface Complex {
  readonly type: unknown
  readonly name?: string
  readonly namespace?: string
  readonly fields?: readonly { readonly type: unknown }[]
  readonly items?: unknown
  readonly values?: unknown
  readonly logicalType?: string
  readonly scale?: number
}

/** Reads values of a writer's types, as `avsc` gives them with wrapped unions. */
export function plainReader(writer: unknown): (type: unknown, value: unknown) => AvroValue {
  const named = new Map<string, Complex>()
  collect(writer, named, '')

  function read(type: unknown, value: unknown): AvroValue {
    if (value === null || value === undefined) return null
    if (Array.isArray(type)) {
      const [[branch, inner]] = Object.entries(value as object)
      return read(
        type.find(candidate => branchName(candidate, named) === branch),
        inner,
      )
    }
    if (typeof type === 'string') return readType({ type: named.get(type) ?? type }, value)
    return readType(type as Complex, value)
  }

  function readType(complex: Complex, value: unknown): AvroValue {
    const { type, logicalType } = complex
    if (typeof type !== 'string') return read(type, value)
    const typeName = nameOf(logicalType ?? type)
    switch (type) {
      case 'string':
      case 'enum':
        return { typeName, is: 'text', text: value as string }
      case 'bytes':
      case 'fixed':
        return {
          typeName,
          is: 'bytes',
          bytes: value as Uint8Array,
          scale: logicalType === 'decimal' ? Number(complex.scale ?? 0) : undefined,
        }
      case 'int':
      case 'long':
        return { typeName, is: 'integer', integer: BigInt(value as number | bigint), logical: logicalType }
      case 'array':
        return { typeName, is: 'list', items: (value as unknown[]).map(item => read(complex.items, item)) }
      case 'map':
        return {
          typeName,
          is: 'map',
          entries: Object.entries(value as object).map(([key, entry]) => [key, read(complex.values, entry)]),
        }
      default:
        return named.has(type) ? read(type, value) : { typeName, is: 'other' }
    }
  }

  return read
}

/** A type's name with its article, for use in a sentence. */
function nameOf(type: string): string {
  if (type === 'bytes') return 'plain bytes'
  return `${/^[aeiou]/.test(type) ? 'an' : 'a'} ${type}`
}

/** The definitions of all named types, by full name and by the short one. */
function collect(schema: unknown, named: Map<string, Complex>, space: string): void {
  if (Array.isArray(schema)) for (const branch of schema) collect(branch, named, space)
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return
  const complex = schema as Complex
  let inner = space
  if (complex.name !== undefined) {
    const full = fullName(complex, space)
    inner = full.includes('.') ? full.slice(0, full.lastIndexOf('.')) : ''
    named.set(full, complex)
    if (!named.has(complex.name)) named.set(complex.name, complex)
  }
  for (const part of [complex.type, complex.items, complex.values]) collect(part, named, inner)
  for (const field of complex.fields ?? []) collect(field.type, named, inner)
}

function fullName({ name = '', namespace }: Complex, space: string): string {
  const within = namespace ?? space
  return name.includes('.') || within === '' ? name : `${within}.${name}`
}

/** The name that `avsc` gives a union's branch: a named type's full name, any other's type. */
function branchName(type: unknown, named: ReadonlyMap<string, Complex>): string {
  if (typeof type === 'string') return fullNameOf(named.get(type), named) ?? type
  const complex = type as Complex
  return (
    fullNameOf(complex, named) ?? (typeof complex.type === 'string' ? complex.type : branchName(complex.type, named))
  )
}

function fullNameOf(complex: Complex | undefined, named: ReadonlyMap<string, Complex>): string | undefined {
  if (complex?.name === undefined) return undefined
  // The longest name that it is known by.
  const names = [...named].filter(([, known]) => known === complex).map(([name]) => name)
  return names.sort((a, b) => b.length - a.length)[0]
}
