/** All items of a DynamoDB table, for a copy of it: the stages only ever ask for partitions that they know. */
import { type DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb'
import { BadInput } from '../domain/errors.ts'
import type { Item, StateTable } from '../domain/ports.ts'
import { awsError } from './aws-errors.ts'
import { fromValues, KEY_NAMES } from './dynamodb-state.ts'

/**
 * The items of the table of this name, which has the keys of `table`, as they are now.
 * @throws BadInput where there is no such table, or one with other keys
 */
export async function* scanItems(client: DynamoDBClient, name: string, table: StateTable): AsyncGenerator<Item> {
  const { partition, sort } = KEY_NAMES[table]
  try {
    for await (const { Items = [] } of paginateScan({ client }, { TableName: name, ConsistentRead: true }))
      for (const item of Items) {
        const [from, at] = [item[partition]?.S, item[sort]?.S]
        if (from === undefined || at === undefined)
          throw new BadInput(
            `The table ${name} has no keys ${partition} and ${sort}: give a restored copy of the ${table} table.`,
          )
        yield { key: { table, partition: from, sort: at }, attributes: fromValues(table, item) }
      }
  } catch (error) {
    if (error instanceof BadInput) throw error
    if ((error as Error).name === 'ResourceNotFoundException')
      throw new BadInput(`There is no table ${name} in this account and region: restore one under that name first.`)
    throw awsError(error, `Reading all of ${name}`)
  }
}
