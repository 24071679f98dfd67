/** What a schema, a partition spec and a sort order must be (spec, "Schemas and Data Types", "Partitioning", "Sorting"). Pure, no I/O. */
import { type AnySchema, type AnySortOrder, type AnySpec, type AnyType, fieldsOf } from './any-metadata.ts'
import { Invalid } from './refusals.ts'

const PRIMITIVES = new Set([
  ...['boolean', 'int', 'long', 'float', 'double', 'date', 'time', 'timestamp', 'timestamptz', 'string', 'uuid'],
  'binary',
])
/** Types of format version 3. */
const LATER = /^(?:timestamp_ns|timestamptz_ns|unknown|variant|geometry|geography)\b/
const TRANSFORM = /^(?:identity|year|month|day|hour|void|(?:bucket|truncate)\[[1-9]\d{0,9}\])$/
const MOST_DIGITS = 38

/** @throws Invalid where a reader of format version 2 could not read it */
export function requireSchema(schema: AnySchema): void {
  const ids = new Set<number>()
  const paths = new Set<string>()
  for (const { id, path, type } of fieldsOf(schema)) {
    if (!Number.isSafeInteger(id) || id < 0) throw new Invalid(`Column ${path} has the id ${id}: give a whole number.`)
    if (ids.has(id)) throw new Invalid(`Two columns have the id ${id}, one of them ${path}: give each its own.`)
    if (paths.has(path)) throw new Invalid(`There are two columns ${path}: give each a name of its own.`)
    ids.add(id)
    paths.add(path)
    requireType(path, type)
  }
  for (const field of schema.fields)
    if ((field as { 'initial-default'?: unknown })['initial-default'] != null)
      throw new Invalid(
        `Column ${field.name} has a default value, which needs format version 3: this catalog keeps version 2.`,
      )
  for (const id of schema['identifier-field-ids'] ?? [])
    if (!ids.has(id)) throw new Invalid(`The identifier field ${id} is no column of the schema.`)
}

function requireType(path: string, type: AnyType): void {
  if (typeof type !== 'string') {
    if (!['struct', 'list', 'map'].includes(type.type)) throw new Invalid(`Column ${path} has no known type.`)
    return
  }
  if (LATER.test(type))
    throw new Invalid(`Column ${path} is ${type}, which needs format version 3: this catalog keeps version 2.`)
  const decimal = /^decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)$/.exec(type)
  if (decimal ? Number(decimal[1]) <= MOST_DIGITS : PRIMITIVES.has(type) || /^fixed\[[1-9]\d*\]$/.test(type)) return
  throw new Invalid(`Column ${path} is ${type}, which is no type of Iceberg.`)
}

/** @throws Invalid where a field has no column, or a transform that nobody knows */
export function requireSpec({ fields }: AnySpec, schema: AnySchema): void {
  const columns = new Map([...fieldsOf(schema)].map(column => [column.id, column]))
  const names = new Set<string>()
  for (const { 'source-id': source, name, transform } of fields) {
    const column = columns.get(source)
    if (!column)
      throw new Invalid(`Cannot find source column for partition field ${name}: there is no column ${source}.`)
    if (typeof column.type !== 'string')
      throw new Invalid(`Partition field ${name} is of ${column.path}, which is no primitive column.`)
    if (!TRANSFORM.test(transform))
      throw new Invalid(`Partition field ${name} has the transform ${transform}, which is unknown.`)
    if (names.has(name)) throw new Invalid(`Two partition fields are called ${name}: give each a name of its own.`)
    names.add(name)
  }
}

/** @throws Invalid */
export function requireSortOrder({ fields }: AnySortOrder, schema: AnySchema): void {
  const columns = new Set([...fieldsOf(schema)].map(({ id }) => id))
  for (const { 'source-id': source, transform } of fields) {
    if (!columns.has(source))
      throw new Invalid(`Cannot find source column for sort field: there is no column ${source}.`)
    if (!TRANSFORM.test(transform)) throw new Invalid(`A sort field has the transform ${transform}, which is unknown.`)
  }
}

/**
 * The schema with ids from 1 on: those of a struct's fields first, then of what is in each. `ids` gives the new id of each old one.
 * Whoever creates a table numbers columns as he likes; the catalog numbers them so that no id was ever another column's.
 */
export function withFreshIds(schema: AnySchema): {
  readonly schema: AnySchema
  readonly ids: ReadonlyMap<number, number>
} {
  const ids = new Map<number, number>()
  const fresh = (id: number) => {
    ids.set(id, ids.size + 1)
    return ids.size
  }
  const renumber = (type: AnyType): AnyType => {
    if (typeof type === 'string') return type
    if (type.type === 'struct') {
      const numbered = type.fields.map(field => ({ ...field, id: fresh(field.id) }))
      return { ...type, fields: numbered.map(field => ({ ...field, type: renumber(field.type) })) }
    }
    if (type.type === 'list') {
      const element = fresh(type['element-id'])
      return { ...type, 'element-id': element, element: renumber(type.element) }
    }
    const [key, value] = [fresh(type['key-id']), fresh(type['value-id'])]
    return { ...type, 'key-id': key, 'value-id': value, key: renumber(type.key), value: renumber(type.value) }
  }
  const struct = renumber({ type: 'struct', fields: schema.fields }) as AnySchema
  const identifiers = schema['identifier-field-ids']?.map(id => ids.get(id) ?? id)
  return {
    ids,
    schema: { ...struct, 'schema-id': 0, ...(identifiers?.length && { 'identifier-field-ids': identifiers }) },
  }
}

/** The highest id of a schema's columns, nested ones included. */
export function highestId(schema: AnySchema): number {
  let highest = 0
  for (const { id } of fieldsOf(schema)) highest = Math.max(highest, id)
  return highest
}
