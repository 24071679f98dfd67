/** DynamoDB as its API reference says it answers: pages, limits, and a server that does not answer at all. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { awsClients } from '../../adapters/aws-clients.ts'
import { dynamoDbState } from '../../adapters/dynamodb-state.ts'
import { s3Store } from '../../adapters/s3-store.ts'
import { systemIds, systemScratch } from '../../adapters/system.ts'
import { Conflict, Throttled } from '../../domain/errors.ts'
import type { Write } from '../../domain/ports.ts'

interface Request {
  readonly ConsistentRead?: boolean
  readonly Limit?: number
  readonly ExclusiveStartKey?: object
  readonly KeyConditionExpression?: string
  readonly ExpressionAttributeValues?: Readonly<Record<string, { readonly S: string }>>
}

const item = (sort: string) => ({ pk: { S: 'p' }, sk: { S: sort }, text: { S: sort } })
const SORTED = ['a1', 'a2', 'a3', 'b1']
/** Why a transaction of four writes was cancelled: the second one met an item, the fourth none. */
const REASONS = [
  { Code: 'None' },
  { Code: 'ConditionalCheckFailed', Item: item('there'), Message: 'The conditional request failed' },
  { Code: 'None' },
  { Code: 'ConditionalCheckFailed', Message: 'The conditional request failed' },
]
const PAGES = [['1', '2', '3'], [], ['4', '5']]

let server: Server
let requests: Request[]
let answers: boolean

beforeEach(async () => {
  requests = []
  answers = true
  server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    if (!answers) return
    const asked = JSON.parse(body) as Request
    const answer = (status: number, json: object) =>
      void response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(json))
    const operation = String(request.headers['x-amz-target']).replace(/^.*\./, '')
    // A read that is not strong may give the item as it was before its last write.
    if (operation === 'GetItem') return answer(200, { Item: item(asked.ConsistentRead ? 'new' : 'old') })
    if (operation === 'TransactWriteItems')
      return answer(400, { __type: 'TransactionCanceledException', Message: 'cancelled', CancellationReasons: REASONS })
    const from = asked.ExpressionAttributeValues?.[':from']?.S
    if (from !== undefined) {
      const isPrefix = asked.KeyConditionExpression?.includes('begins_with')
      const found = SORTED.filter(sort => (isPrefix ? sort.startsWith(from) : sort > from))
      return answer(200, { Items: found.map(item), Count: found.length })
    }
    const page = requests.push(asked) - 1
    const Items = PAGES[page].slice(0, asked.Limit).map(item)
    const LastEvaluatedKey = page < PAGES.length - 1 ? { pk: { S: 'p' }, sk: { S: `after ${page}` } } : undefined
    answer(200, { Items, Count: Items.length, LastEvaluatedKey })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const environment = {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_ENDPOINT_URL: url,
    AWS_ENDPOINT_URL_S3: url,
  }
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
})

const state = () => dynamoDbState({ client: awsClients(1).dynamo, tables: { state: 'state', catalog: 'catalog' } })
const sorts = async (limit?: number) => (await state().query('state', 'p', { limit })).map(({ key }) => key.sort)

test('an item is read as its last write left it', async () => {
  expect(await state().get({ table: 'state', partition: 'p', sort: '1' })).toEqual({ text: 'new' })
})

test('a query by prefix that goes on behind a key ends with the prefix', async () => {
  const asked = (options: object) => state().query('state', 'p', options)
  const keys = async (options: object) => (await asked(options)).map(({ key }) => key.sort)
  expect(await keys({ prefix: 'a' })).toEqual(['a1', 'a2', 'a3'])
  expect(await keys({ prefix: 'a', after: 'a1' })).toEqual(['a2', 'a3'])
  expect(await keys({ prefix: 'a', after: 'A' })).toEqual(['a1', 'a2', 'a3'])
  expect(await keys({ after: 'a3' })).toEqual(['b1'])
})

test('a transaction that met several conflicts names the first of its writes that did, and what stood there', async () => {
  const write = (sort: string): Write => ({
    kind: 'put',
    item: { key: { table: 'state', partition: 'p', sort }, attributes: { text: sort } },
    when: { is: 'absent' },
  })
  const [outcome] = await Promise.allSettled([state().transact(['1', '2', '3', '4'].map(write), 'token')])
  const conflict = outcome.status === 'rejected' ? outcome.reason : undefined
  expect(conflict).toBeInstanceOf(Conflict)
  expect(conflict).toMatchObject({ index: 1, found: { text: 'there' } })
})

test('a query reads page after page, strongly, also past an empty one', async () => {
  expect(await sorts()).toEqual(['1', '2', '3', '4', '5'])
  expect(requests.map(({ ConsistentRead, Limit }) => [ConsistentRead, Limit])).toEqual(
    PAGES.map(() => [true, undefined]),
  )
  expect(requests.map(request => request.ExclusiveStartKey)).toEqual([
    undefined,
    { pk: { S: 'p' }, sk: { S: 'after 0' } },
    { pk: { S: 'p' }, sk: { S: 'after 1' } },
  ])
})

test('a limit is one that DynamoDB’s 32-bit field takes, and ends the reading', async () => {
  expect(await sorts(Number.MAX_SAFE_INTEGER)).toEqual(['1', '2', '3', '4', '5'])
  for (const { Limit = 0 } of requests) expect(Limit).toBe(2_147_483_647)
  requests.length = 0
  expect(await sorts(4)).toEqual(['1', '2', '3', '4'])
  expect(requests.map(({ Limit }) => Limit)).toEqual([4, 1, 1])
})

test('a server that never answers is given up, and asked again later: an object store’s too', async () => {
  answers = false
  const store = s3Store({ client: awsClients(1).s3, bucket: 'lake', ids: systemIds(), scratch: systemScratch() })
  const begun = performance.now()
  const asked = [state().get({ table: 'state', partition: 'p', sort: '1' }), store.get('key')]
  for (const outcome of await Promise.allSettled(asked))
    expect(outcome.status === 'rejected' && outcome.reason).toBeInstanceOf(Throttled)
  console.log(`given up after ${((performance.now() - begun) / 1000).toFixed(1)} s`)
})
