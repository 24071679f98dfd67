/** A DynamoDB that is too busy for a transaction, as a server that says so in its words. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { DynamoDBClient } from '@aws-sdk/client-dynamodb'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { awsClients } from '../../adapters/aws-clients.ts'
import { retryBusyTransactions } from '../../adapters/dynamodb-busy.ts'
import { dynamoDbState } from '../../adapters/dynamodb-state.ts'
import { Conflict, Throttled } from '../../domain/errors.ts'
import type { Write } from '../../domain/ports.ts'

const CANCELLED = 'com.amazonaws.dynamodb.v20120810#TransactionCanceledException'
const PUT: Write = {
  kind: 'put',
  item: { key: { table: 'state', partition: 'p', sort: 's' }, attributes: { n: 1 } },
  when: { is: 'absent' },
}

let answers: (readonly string[] | undefined)[]
let tokens: string[]
let close: () => void
/** Each request gets the next answer: the reasons of a cancelled transaction, or success. */
beforeEach(async () => {
  tokens = []
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await Array.fromAsync(request as AsyncIterable<Buffer>))
    tokens.push(JSON.parse(body.toString()).ClientRequestToken)
    const reasons = answers[Math.min(tokens.length, answers.length) - 1]
    response.writeHead(reasons ? 400 : 200, { 'content-type': 'application/x-amz-json-1.0' })
    const refusal = reasons && {
      __type: CANCELLED,
      Message: 'Transaction cancelled',
      CancellationReasons: reasons.map(Code => ({ Code, Message: 'said so' })),
    }
    response.end(JSON.stringify(refusal ?? {}))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  vi.stubEnv('AWS_ENDPOINT_URL_DYNAMODB', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  vi.stubEnv('AWS_REGION', 'eu-central-1')
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'test')
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'test')
  close = () => {
    server.close()
    server.closeAllConnections()
  }
})
afterEach(() => {
  close()
  vi.unstubAllEnvs()
})

function transact(client = awsClients().dynamo): Promise<void> {
  return dynamoDbState({ client, tables: { state: 'state', catalog: 'catalog' } }).transact([PUT], 'token')
}

test('a transaction that was cancelled because the table is busy is sent again under its token', async () => {
  answers = [['None', 'ThrottlingError'], ['ProvisionedThroughputExceeded'], undefined]
  await transact()
  expect(tokens).toEqual(['token', 'token', 'token'])
})

test('a table that stays busy ends in Throttled', async () => {
  answers = [['ThrottlingError']]
  await expect(transact(retryBusyTransactions(new DynamoDBClient({ maxAttempts: 2 })))).rejects.toThrow(Throttled)
  expect(tokens).toHaveLength(2)
})

test.each([['ConditionalCheckFailed'], ['TransactionConflict', 'ThrottlingError']])(
  'one that met %s is not: the stage reads again',
  async (...reasons) => {
    answers = [reasons]
    await expect(transact()).rejects.toThrow(Conflict)
    expect(tokens).toHaveLength(1)
  },
)
