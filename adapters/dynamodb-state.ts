/**
 * Checkpoints, pending lists and table pointers in two DynamoDB tables. Conditions are built from the port's
 * `Condition`, a refusal comes back with the item that was there, and a token makes the client's own retries harmless
 * (Amazon DynamoDB API reference, TransactWriteItems).
 */
import {
  type AttributeValue,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  TransactionCanceledException,
  type TransactWriteItem,
  TransactWriteItemsCommand,
} from '@aws-sdk/client-dynamodb'
import { Conflict, Throttled, TradelakeError } from '../domain/errors.ts'
import type { Attribute, Attributes, Condition, Item, Key, StateStore, StateTable, Write } from '../domain/ports.ts'
import { awsError } from './aws-errors.ts'
import { busyReason } from './dynamodb-busy.ts'
import { compareUtf8 } from './object-keys.ts'
import { checkWrites, keyOf, tokenMismatch } from './state-rules.ts'

/** The key attributes of the tables; the catalog's are those of Iceberg's DynamoDbCatalog. */
export const KEY_NAMES: Readonly<Record<StateTable, { readonly partition: string; readonly sort: string }>> = {
  state: { partition: 'pk', sort: 'sk' },
  catalog: { partition: 'identifier', sort: 'namespace' },
}

export interface DynamoDbStateOptions {
  /** Made once for the container's life. */
  readonly client: DynamoDBClient
  readonly tables: Readonly<Record<StateTable, string>>
}

type Values = Record<string, AttributeValue>

/** A query's limit is a 32-bit number (DynamoDB API reference, Query); a page ends at 1 MB anyway. */
const MAX_LIMIT = 2 ** 31 - 1

export function dynamoDbState({ client, tables }: DynamoDbStateOptions): StateStore {
  const keyValues = ({ table, partition, sort }: Key): Values => ({
    [KEY_NAMES[table].partition]: { S: partition },
    [KEY_NAMES[table].sort]: { S: sort },
  })

  function operation(write: Write): TransactWriteItem {
    const key = keyOf(write)
    const condition = write.when && conditionOf(key.table, write.when)
    const common = {
      TableName: tables[key.table],
      ...condition,
      ...(condition && { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' as const }),
    }
    if (write.kind === 'put')
      return { Put: { ...common, Item: { ...toValues(write.item.attributes), ...keyValues(key) } } }
    if (write.kind === 'remove') return { Delete: { ...common, Key: keyValues(key) } }
    return { ConditionCheck: { ...common, ConditionExpression: condition?.ConditionExpression, Key: keyValues(key) } }
  }

  return {
    async get(key) {
      try {
        const { Item } = await client.send(
          new GetItemCommand({ TableName: tables[key.table], Key: keyValues(key), ConsistentRead: true }),
        )
        return Item && fromValues(key.table, Item)
      } catch (error) {
        throw awsError(error, `Reading ${key.partition}/${key.sort} of ${tables[key.table]}`)
      }
    },
    async query(table, partition, { prefix = '', after, limit = Number.POSITIVE_INFINITY } = {}) {
      if (limit <= 0) return []
      const names = KEY_NAMES[table]
      // A key condition may say only one thing about the sort key.
      const beyond = after !== undefined && compareUtf8(after, prefix) >= 0
      const sort = beyond ? '#s > :from' : prefix === '' ? undefined : 'begins_with(#s, :from)'
      const found: Item[] = []
      let next: Values | undefined
      do {
        const page = await client
          .send(
            new QueryCommand({
              TableName: tables[table],
              ConsistentRead: true,
              KeyConditionExpression: ['#p = :p', ...(sort ? [sort] : [])].join(' AND '),
              ExpressionAttributeNames: { '#p': names.partition, ...(sort && { '#s': names.sort }) },
              ExpressionAttributeValues: {
                ':p': { S: partition },
                ...(sort && { ':from': { S: beyond ? (after as string) : prefix } }),
              },
              ...(Number.isFinite(limit) && { Limit: Math.min(limit - found.length, MAX_LIMIT) }),
              ExclusiveStartKey: next,
            }),
          )
          .catch(error => {
            throw awsError(error, `Querying ${partition} of ${tables[table]}`)
          })
        for (const item of page.Items ?? []) {
          const key: Key = { table, partition, sort: String(item[names.sort].S) }
          if (!key.sort.startsWith(prefix)) return found
          found.push({ key, attributes: fromValues(table, item) })
        }
        next = page.LastEvaluatedKey
      } while (next && found.length < limit)
      return found
    },
    async transact(writes, token) {
      checkWrites(writes, token)
      try {
        await client.send(
          new TransactWriteItemsCommand({ TransactItems: writes.map(operation), ClientRequestToken: token }),
        )
      } catch (error) {
        throw refusal(error, writes, token)
      }
    },
  }
}

/** A cancelled transaction's reasons come in the order of its writes. */
function refusal(error: unknown, writes: readonly Write[], token: string): Error {
  const { name } = error as Error
  if (name === 'IdempotentParameterMismatchException') return tokenMismatch(token)
  if (name === 'TransactionInProgressException' || name === 'TransactionConflictException')
    return new Conflict('Another transaction on the same items was under way; read them again and try again.', -1)
  if (!(error instanceof TransactionCanceledException)) return awsError(error, 'Writing a transaction')
  const reasons = error.CancellationReasons ?? []
  const failed = reasons.findIndex(reason => reason.Code === 'ConditionalCheckFailed')
  if (failed >= 0) {
    const { table, partition, sort } = keyOf(writes[failed])
    const item = reasons[failed].Item
    const stood = item ? 'another item is there' : 'there is no item'
    return new Conflict(
      `Write ${failed} on ${table}/${partition}/${sort} met a conflict: ${stood}; read it again and try again.`,
      failed,
      item && fromValues(table, item),
    )
  }
  if (reasons.some(reason => reason.Code === 'TransactionConflict'))
    return new Conflict('Another transaction touched the same items; read them again and try again.', -1)
  const busy = busyReason(error)
  if (busy) return new Throttled(`DynamoDB asks to back off: ${busy.Message}.`, { cause: error })
  const other = reasons.find(({ Code = 'None' }) => Code !== 'None')
  return new TradelakeError(`DynamoDB refused a transaction: ${other?.Code} ${other?.Message}`, { cause: error })
}

/** A condition of the port as DynamoDB's condition expression, with a placeholder for every name and value. */
function conditionOf(table: StateTable, condition: Condition) {
  const key = KEY_NAMES[table].partition
  if (condition.is === 'absent')
    return { ConditionExpression: 'attribute_not_exists(#k)', ExpressionAttributeNames: { '#k': key } }
  const entries = Object.entries(condition.attributes)
  // No attributes: the item only has to exist.
  if (entries.length === 0)
    return { ConditionExpression: 'attribute_exists(#k)', ExpressionAttributeNames: { '#k': key } }
  return {
    ConditionExpression: entries.map((_, i) => `#a${i} = :a${i}`).join(' AND '),
    ExpressionAttributeNames: Object.fromEntries(entries.map(([name], i) => [`#a${i}`, name])),
    ExpressionAttributeValues: Object.fromEntries(entries.map(([, value], i) => [`:a${i}`, toValue(value)])),
  }
}

function toValue(value: Attribute): AttributeValue {
  if (value === null) return { NULL: true }
  // -0 is 0 in DynamoDB.
  return typeof value === 'number' ? { N: String(value + 0) } : { S: value }
}

function toValues(attributes: Attributes): Values {
  return Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, toValue(value)]))
}

/** The item without its key. @throws TradelakeError on a type that this store never writes */
export function fromValues(table: StateTable, item: Values): Attributes {
  const { partition, sort } = KEY_NAMES[table]
  return Object.fromEntries(
    Object.entries(item).flatMap(([name, value]): [string, Attribute][] => {
      if (name === partition || name === sort) return []
      if (value.S !== undefined) return [[name, value.S]]
      if (value.N !== undefined) return [[name, Number(value.N)]]
      if (value.NULL) return [[name, null]]
      throw new TradelakeError(`Attribute ${name} of a DynamoDB item is neither text, a number nor null.`)
    }),
  )
}
