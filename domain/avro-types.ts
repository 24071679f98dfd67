/**
 * A writer's schema with its names resolved: where it names a type that it defines elsewhere, the definition itself is in that
 * place, so that a type may contain itself (Avro specification, "Names").
 */

/** One type of a schema. `union` has branches; every other kind is called as Avro calls it. */
export interface AvroType {
  readonly kind: string
  /** Full name of a record, an enum or a fixed. */
  readonly name: string | undefined
  readonly logicalType: string | undefined
  /** Digits after the point of a decimal. */
  readonly scale: number
  /** Types within: branches, fields in order, or the one type of items or values. */
  readonly parts: readonly AvroType[]
  readonly fieldNames: readonly string[]
  /** Symbols of an enum, bytes of a fixed. */
  readonly size: number
}

interface Definition {
  readonly type: unknown
  readonly name?: string
  readonly namespace?: string
  readonly fields?: readonly { readonly name: string; readonly type: unknown }[]
  readonly symbols?: readonly string[]
  readonly items?: unknown
  readonly values?: unknown
  readonly size?: number
  readonly logicalType?: string
  readonly scale?: number
}

/** The schema's type. The schema has to be a valid one. */
export function avroTypesOf(schema: unknown): AvroType {
  return typeOf(schema, new Map(), '')
}

/** `named`: the types defined before, by full name. */
function typeOf(schema: unknown, named: Map<string, AvroType>, space: string): AvroType {
  const within = (part: unknown) => typeOf(part, named, space)
  if (Array.isArray(schema)) return { ...plain('union'), parts: schema.map(within) }
  if (typeof schema === 'string') return named.get(fullName(schema, space)) ?? named.get(schema) ?? plain(schema)
  const { type, name, namespace, fields = [], symbols, items, values, size, logicalType, scale } = schema as Definition
  // `{type: {…}}`, or a name that was defined before.
  if (typeof type !== 'string' || named.has(fullName(type, space))) return within(type)
  const full = name === undefined ? undefined : fullName(name, namespace ?? space)
  const parts: AvroType[] = []
  const made: AvroType = {
    kind: type,
    name: full,
    logicalType,
    scale: Number(scale ?? 0),
    parts,
    fieldNames: fields.map(field => field.name),
    size: symbols?.length ?? size ?? 0,
  }
  if (full !== undefined) named.set(full, made)
  const inner = full === undefined ? space : full.slice(0, Math.max(0, full.lastIndexOf('.')))
  for (const part of type === 'array' ? [items] : type === 'map' ? [values] : fields.map(field => field.type))
    parts.push(typeOf(part, named, inner))
  return made
}

function plain(kind: string): AvroType {
  return { kind, name: undefined, logicalType: undefined, scale: 0, parts: [], fieldNames: [], size: 0 }
}

function fullName(name: string, space: string): string {
  return name.includes('.') || space === '' ? name : `${space}.${name}`
}
