/** The adapters of AWS keep the ports' contracts, against an emulator. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateTableCommand } from '@aws-sdk/client-dynamodb'
import { CreateBucketCommand } from '@aws-sdk/client-s3'
import { afterAll } from 'vitest'
import { awsClients } from '../../adapters/aws-clients.ts'
import { dynamoDbState, KEY_NAMES } from '../../adapters/dynamodb-state.ts'
import { s3Store } from '../../adapters/s3-store.ts'
import { systemIds, systemScratch } from '../../adapters/system.ts'
import type { StateTable } from '../../domain/ports.ts'
import { startMiniStack } from '../../localstack/ministack.ts'
import { objectStoreContract } from '../contract/object-store.contract.ts'
import { stateStoreContract } from '../contract/state-store.contract.ts'

const folder = mkdtempSync(join(tmpdir(), 'tradelake-ministack-'))
const stack = await startMiniStack({ folder })
afterAll(async () => {
  await stack.stop()
  rmSync(folder, { recursive: true, force: true })
})

Object.assign(process.env, stack.clientEnv)
const { s3, dynamo } = awsClients()
const ids = systemIds()
const scratch = systemScratch()

objectStoreContract('s3Store', async () => {
  const bucket = `lake-${ids.uuid()}`
  await s3.send(new CreateBucketCommand({ Bucket: bucket }))
  return s3Store({ client: s3, bucket, ids, scratch })
})

async function createTables(): Promise<Record<StateTable, string>> {
  const suffix = ids.uuid()
  const tables = { state: `state-${suffix}`, catalog: `catalog-${suffix}` }
  for (const table of ['state', 'catalog'] as const) {
    const { partition, sort } = KEY_NAMES[table]
    await dynamo.send(
      new CreateTableCommand({
        TableName: tables[table],
        BillingMode: 'PAY_PER_REQUEST',
        AttributeDefinitions: [partition, sort].map(AttributeName => ({ AttributeName, AttributeType: 'S' as const })),
        KeySchema: [
          { AttributeName: partition, KeyType: 'HASH' },
          { AttributeName: sort, KeyType: 'RANGE' },
        ],
      }),
    )
  }
  return tables
}

// A store of its own for every test.
const pool = await Promise.all(Array.from({ length: 30 }, createTables))
stateStoreContract(
  'dynamoDbState',
  () => {
    const tables = pool.pop()
    if (!tables) throw new Error('more tests than tables: make the pool larger')
    return dynamoDbState({ client: dynamo, tables })
  },
  { ownClock: true },
)
