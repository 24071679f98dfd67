/** Bodies of the catalog's requests, as far as their shape goes (REST catalog specification); what they mean is checked where it is done. */
import * as z from 'zod/mini'
import { parseExact } from '../../domain/exact-json.ts'
import type { AnyType } from '../../iceberg/updates/any-metadata.ts'
import { badRequest } from '../errors.ts'
import { requireName, requireNamespace } from './names.ts'

/** An id of 64 bits; a count or a time, which JavaScript holds exactly. */
const id = z.union([z.int().check(z.positive()), z.bigint().check(z.positive(), z.maximum(2n ** 63n - 1n))])
const whole = z.int().check(z.nonnegative())
const millis = z.int().check(z.positive())
/** Checked as names of the catalog, too. */
const name = z.string().check(z.overwrite(text => requireName(text)))
const namespace = z.array(z.string()).check(z.overwrite(levels => [...requireNamespace(levels)]))
const identifier = z.object({ namespace, name })
const texts = z.record(z.string(), z.string())
const maybe = <Schema extends z.ZodMiniType>(schema: Schema) => z.optional(z.nullable(schema))

const fieldType: z.ZodMiniType<AnyType> = z.lazy(() =>
  z.union([
    z.string(),
    z.looseObject({ type: z.literal('struct'), fields: z.array(structField) }),
    z.looseObject({
      ...{ type: z.literal('list'), 'element-id': z.int(), element: fieldType, 'element-required': z.boolean() },
    }),
    z.looseObject({
      ...{ type: z.literal('map'), 'key-id': z.int(), key: fieldType },
      ...{ 'value-id': z.int(), value: fieldType, 'value-required': z.boolean() },
    }),
  ]),
)
const structField = z.looseObject({ id: z.int(), name: z.string(), required: z.boolean(), type: fieldType })
const schema = z.looseObject({
  ...{ type: z.literal('struct'), fields: z.array(structField) },
  ...{ 'schema-id': z.optional(z.int()), 'identifier-field-ids': z.optional(z.array(z.int())) },
})
const specField = z.looseObject({
  ...{ 'source-id': z.int(), 'field-id': z.optional(z.int()), name: z.string(), transform: z.string() },
})
const spec = z.looseObject({ 'spec-id': z.optional(z.int()), fields: z.array(specField) })
const sortField = z.looseObject({
  ...{ 'source-id': z.int(), transform: z.string() },
  ...{ direction: z.enum(['asc', 'desc']), 'null-order': z.enum(['nulls-first', 'nulls-last']) },
})
const order = z.looseObject({ 'order-id': z.optional(z.int()), fields: z.array(sortField) })
const snapshot = z.looseObject({
  ...{ 'snapshot-id': id, 'parent-snapshot-id': z.optional(id), 'sequence-number': z.optional(whole) },
  ...{ 'timestamp-ms': whole, 'manifest-list': z.optional(z.string()), summary: z.optional(texts) },
  'schema-id': z.optional(z.int()),
})
const statistics = z.looseObject({ 'snapshot-id': id })

const tableUpdate = z.discriminatedUnion('action', [
  z.looseObject({ action: z.literal('assign-uuid'), uuid: z.string() }),
  z.looseObject({ action: z.literal('upgrade-format-version'), 'format-version': z.int() }),
  z.looseObject({ action: z.literal('add-schema'), schema }),
  z.looseObject({ action: z.literal('set-current-schema'), 'schema-id': z.int() }),
  z.looseObject({ action: z.literal('add-spec'), spec }),
  z.looseObject({ action: z.literal('set-default-spec'), 'spec-id': z.int() }),
  z.looseObject({ action: z.literal('add-sort-order'), 'sort-order': order }),
  z.looseObject({ action: z.literal('set-default-sort-order'), 'sort-order-id': z.int() }),
  z.looseObject({ action: z.literal('add-snapshot'), snapshot }),
  z.object({
    ...{ action: z.literal('set-snapshot-ref'), 'ref-name': name, type: z.enum(['branch', 'tag']) },
    ...{ 'snapshot-id': id, 'max-ref-age-ms': z.optional(millis), 'max-snapshot-age-ms': z.optional(millis) },
    'min-snapshots-to-keep': z.optional(z.int().check(z.positive())),
  }),
  z.looseObject({ action: z.literal('remove-snapshots'), 'snapshot-ids': z.array(id) }),
  z.looseObject({ action: z.literal('remove-snapshot-ref'), 'ref-name': z.string() }),
  z.looseObject({ action: z.literal('set-location'), location: z.string() }),
  z.looseObject({ action: z.literal('set-properties'), updates: texts }),
  z.looseObject({ action: z.literal('remove-properties'), removals: z.array(z.string()) }),
  z.looseObject({ action: z.literal('set-statistics'), statistics }),
  z.looseObject({ action: z.literal('remove-statistics'), 'snapshot-id': id }),
  z.looseObject({ action: z.literal('set-partition-statistics'), 'partition-statistics': statistics }),
  z.looseObject({ action: z.literal('remove-partition-statistics'), 'snapshot-id': id }),
  z.looseObject({ action: z.literal('remove-partition-specs'), 'spec-ids': z.array(z.int()) }),
  z.looseObject({ action: z.literal('remove-schemas'), 'schema-ids': z.array(z.int()) }),
])

const requirement = z.discriminatedUnion('type', [
  z.looseObject({ type: z.literal('assert-create') }),
  z.looseObject({ type: z.literal('assert-table-uuid'), uuid: z.string() }),
  z.looseObject({ type: z.literal('assert-view-uuid'), uuid: z.string() }),
  z.looseObject({ type: z.literal('assert-ref-snapshot-id'), ref: z.string(), 'snapshot-id': maybe(id) }),
  z.looseObject({ type: z.literal('assert-last-assigned-field-id'), 'last-assigned-field-id': z.int() }),
  z.looseObject({ type: z.literal('assert-current-schema-id'), 'current-schema-id': z.int() }),
  z.looseObject({ type: z.literal('assert-last-assigned-partition-id'), 'last-assigned-partition-id': z.int() }),
  z.looseObject({ type: z.literal('assert-default-spec-id'), 'default-spec-id': z.int() }),
  z.looseObject({ type: z.literal('assert-default-sort-order-id'), 'default-sort-order-id': z.int() }),
])

const viewVersion = z.looseObject({
  ...{ 'version-id': z.int(), 'schema-id': z.int(), 'timestamp-ms': whole, summary: texts },
  representations: z.array(
    z.looseObject({ type: z.string(), sql: z.optional(z.string()), dialect: z.optional(z.string()) }),
  ),
  ...{ 'default-catalog': maybe(z.string()), 'default-namespace': z.array(z.string()) },
})

const viewUpdate = z.discriminatedUnion('action', [
  z.looseObject({ action: z.literal('assign-uuid'), uuid: z.string() }),
  z.looseObject({ action: z.literal('upgrade-format-version'), 'format-version': z.int() }),
  z.looseObject({ action: z.literal('add-schema'), schema }),
  z.looseObject({ action: z.literal('set-location'), location: z.string() }),
  z.looseObject({ action: z.literal('set-properties'), updates: texts }),
  z.looseObject({ action: z.literal('remove-properties'), removals: z.array(z.string()) }),
  z.looseObject({ action: z.literal('add-view-version'), 'view-version': viewVersion }),
  z.looseObject({ action: z.literal('set-current-view-version'), 'view-version-id': z.int() }),
])

/** A request is one step of somebody's work, which others wait behind. */
const few = <Schema extends z.ZodMiniType>(schema: Schema, most: number, what: string) =>
  z.array(schema).check(z.maxLength(most, `at most ${most} ${what} in one request: make several of it.`))
const requirements = few(requirement, 1_000, 'requirements')
const tableUpdates = few(tableUpdate, 1_000, 'updates of a table')

export const bodies = {
  createNamespace: z.object({ namespace, properties: maybe(texts) }),
  updateProperties: z.object({ updates: maybe(texts), removals: maybe(z.array(z.string())) }),
  createTable: z.object({
    ...{ name, schema, location: maybe(z.string()), 'partition-spec': maybe(spec), 'write-order': maybe(order) },
    ...{ 'stage-create': maybe(z.boolean()), properties: maybe(texts) },
  }),
  commitTable: z.object({ requirements, updates: tableUpdates }),
  transaction: z.object({
    'table-changes': few(z.object({ identifier, requirements, updates: tableUpdates }), 100, 'tables'),
  }),
  register: z.object({ name, 'metadata-location': z.string(), overwrite: maybe(z.boolean()) }),
  sign: z.object({ method: z.string(), uri: z.string(), headers: z.record(z.string(), z.array(z.string())) }),
  rename: z.object({ source: identifier, destination: identifier }),
  createView: z.object({
    name,
    schema,
    location: maybe(z.string()),
    'view-version': viewVersion,
    properties: maybe(texts),
  }),
  replaceView: z.object({
    requirements: z.optional(requirements),
    updates: few(viewUpdate, 1_000, 'updates of a view'),
  }),
} as const

/** A metadata file of a table that was made elsewhere, as far as its shape goes. */
export const storedTable = z.looseObject({
  ...{ 'format-version': z.int(), 'table-uuid': z.string(), location: z.string(), 'last-updated-ms': whole },
  ...{ schema: z.optional(schema), schemas: z.optional(z.array(schema).check(z.minLength(1))) },
  ...{ 'current-schema-id': z.optional(z.int()), 'last-column-id': z.optional(z.int()) },
  ...{ 'partition-specs': z.optional(z.array(spec)), 'default-spec-id': z.optional(z.int()) },
  ...{ 'last-partition-id': z.optional(z.int()), 'last-sequence-number': z.optional(whole) },
  ...{ 'sort-orders': z.optional(z.array(order)), 'default-sort-order-id': z.optional(z.int()) },
  ...{ properties: z.optional(texts), 'current-snapshot-id': maybe(z.union([id, z.literal(-1)])) },
  ...{ snapshots: z.optional(z.array(snapshot)), statistics: z.optional(z.array(statistics)) },
  refs: z.optional(z.record(z.string(), z.looseObject({ 'snapshot-id': id, type: z.enum(['branch', 'tag']) }))),
  'snapshot-log': z.optional(z.array(z.looseObject({ 'snapshot-id': id, 'timestamp-ms': whole }))),
  'metadata-log': z.optional(z.array(z.looseObject({ 'metadata-file': z.string(), 'timestamp-ms': whole }))),
})

/** What a client sent, checked; `what` names it. @throws ApiError naming what is wrong, and where */
export function parseShape<Schema extends z.ZodMiniType>(shape: Schema, json: unknown, what: string): z.infer<Schema> {
  const parsed = z.safeParse(shape, json)
  if (parsed.success) return parsed.data
  const [{ path, message }] = parsed.error.issues
  throw badRequest(`${what} cannot be used${path.length > 0 ? ` at ${path.join('.')}` : ''}: ${message}`)
}

/** A request's body, checked. @throws ApiError naming what is wrong, and where */
export function parseBody<Schema extends z.ZodMiniType>(body: Schema, text: string): z.infer<Schema> {
  let json: unknown
  try {
    json = parseExact(text)
  } catch (error) {
    throw badRequest(`The body is no JSON: ${(error as Error).message}`)
  }
  return parseShape(body, json, 'The body')
}
