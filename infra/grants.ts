/** What each function may do, written out: the tables whose files it reads and writes, and the items it moves. */
import { Stack } from 'aws-cdk-lib'
import { PolicyStatement, type PolicyStatementProps } from 'aws-cdk-lib/aws-iam'
import type { IFunction } from 'aws-cdk-lib/aws-lambda'
import { catalogPartition, PENDING_OBJECTS, pendingObjectPrefix, statePartition, tableKey } from '../domain/names.ts'
import type { TableDefinition } from '../domain/tables.ts'
import { acknowledge, wildcardArn } from './acknowledge.ts'
import { KEY_ACTIONS } from './key.ts'
import type { Lake } from './lake.ts'

export interface LakeAccess {
  /** Tables whose files it reads. */
  readonly reads?: readonly TableDefinition[]
  /** Tables whose files it writes, and reads. */
  readonly writes?: readonly TableDefinition[]
  /** Consumers whose lists it adds to: a long list is stored as an object. */
  readonly produces?: readonly string[]
  /** `produces` are all lists that there are: long ones are granted by what their names have in common, which keeps the policy within its size. */
  readonly everyList?: boolean
  /** Consumers whose lists it takes from. */
  readonly consumes?: readonly string[]
  /** What it reads and writes in the state table besides lists: partition keys. */
  readonly state?: readonly string[]
  /** It deletes what it may write: only maintenance does. */
  readonly deletes?: boolean
  /** What it does to the tables' pointers. */
  readonly catalog: 'none' | 'reads' | 'commits'
  /** Tables that it mirrors to Glue. */
  readonly mirrors?: readonly TableDefinition[]
}

export const READ_ITEMS = ['dynamodb:GetItem', 'dynamodb:Query']
/** The parts of a transaction are granted one by one (DynamoDB developer guide, "Using IAM with transactions"). */
export const WRITE_ITEMS = ['dynamodb:PutItem', 'dynamodb:DeleteItem', 'dynamodb:ConditionCheckItem']

/**
 * Only items with these partition keys (DynamoDB developer guide, "Using IAM policy conditions for fine-grained access control"). The condition
 * would hold of a request that names no key, but each granted action names one.
 */
function itemsOf(partitions: readonly string[]): PolicyStatementProps['conditions'] {
  return { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': [...partitions].sort() } }
}

export function grantLake(lake: Lake, { role }: IFunction, access: LakeAccess): void {
  if (!role) throw new TypeError('A function without a role of its own can be granted nothing.')
  const {
    reads = [],
    writes = [],
    produces = [],
    everyList = false,
    consumes = [],
    state = [],
    deletes = false,
    catalog,
    mirrors = [],
  } = access
  const allow = (actions: string[], resources: string[], conditions?: PolicyStatementProps['conditions']) => {
    if (resources.length > 0) role.addToPrincipalPolicy(new PolicyStatement({ actions, resources, conditions }))
  }
  const objects = (prefixes: readonly string[]) => {
    const patterns = [...new Set(prefixes)].map(prefix => `${prefix}*`)
    acknowledge(
      role,
      patterns.map(pattern => wildcardArn(role, lake.bucket.arnForObjects(pattern))),
      "The names of a table's files, and of a list's, are made up as it goes: each prefix is one table's or one list's.",
    )
    return patterns.map(pattern => lake.bucket.arnForObjects(pattern))
  }
  const ofTables = (tables: readonly TableDefinition[]) => tables.map(table => `${tableKey(table.name)}/`)
  const ofLists = (lists: readonly string[]) => lists.map(pendingObjectPrefix)

  const written = [...ofTables(writes), ...(everyList ? [PENDING_OBJECTS] : ofLists(produces))]
  // A writer reads what it wrote, to tell its own put from another's.
  allow(['s3:GetObject', 's3:PutObject', ...(deletes ? ['s3:DeleteObject'] : [])], objects(written))
  allow(
    ['s3:GetObject'],
    objects([...ofTables(reads), ...ofLists(consumes)].filter(prefix => !written.includes(prefix))),
  )
  // Without it S3 answers 403 for a missing key, where the protocol needs a 404. No prefix condition: a GetObject would
  // not
  // meet it.
  allow(['s3:ListBucket'], [lake.bucket.bucketArn])

  const lists = [...new Set([...produces, ...consumes])].map(statePartition.pending)
  allow([...READ_ITEMS, ...WRITE_ITEMS], [lake.stateTable.tableArn], itemsOf([...lists, ...state]))
  // Whether somebody has the lake to himself: everybody asks; maintenance asks in each of its transactions (domain/lease.ts).
  const asks = ['dynamodb:GetItem', ...(deletes ? ['dynamodb:ConditionCheckItem'] : [])]
  allow(asks, [lake.stateTable.tableArn], itemsOf([statePartition.lease('lake')]))
  if (lake.key) allow(KEY_ACTIONS, [lake.key.keyArn])

  const pointers = (tables: readonly TableDefinition[]) =>
    itemsOf([...new Set(tables.map(({ name }) => catalogPartition.table(name))), catalogPartition.namespaces])
  if (catalog !== 'none') allow(READ_ITEMS, [lake.catalogTable.tableArn], pointers([...reads, ...writes, ...mirrors]))
  if (catalog === 'commits') allow(WRITE_ITEMS, [lake.catalogTable.tableArn], pointers(writes))

  if (mirrors.length > 0) {
    const glue = (resource: string, resourceName?: string) =>
      Stack.of(role).formatArn({ service: 'glue', resource, resourceName })
    allow(
      ['glue:GetTable', 'glue:CreateTable', 'glue:UpdateTable'],
      [
        glue('catalog'),
        glue('database', lake.databaseName),
        ...mirrors.map(table => glue('table', `${lake.databaseName}/${table.name}`)),
      ],
    )
  }
}
