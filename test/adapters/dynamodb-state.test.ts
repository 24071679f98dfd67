/** DynamoDB as its API reference says it answers: pages, limits, and a server that does not answer at all. */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { awsClients } from '../../adapters/aws-clients.ts'
import { dynamoDbState } from '../../adapters/dynamodb-state.ts'
import { s3Store } from '../../adapters/s3-store.ts'
import { systemIds, systemScratch } from '../../adapters/system.ts'
import { Throttled } from '../../domain/errors.ts'

interface Request {
  readonly ConsistentRead?: boolean
  readonly Limit?: number
  readonly ExclusiveStartKey?: object
}

const item = (sort: string) => ({ pk: { S: 'p' }, sk: { S: sort }, text: { S: sort } })
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
    if (String(request.headers['x-amz-target']).endsWith('.GetItem')) {
      // A read that is not strong may give the item as it was before its last write.
      const json = JSON.stringify({ Item: item(asked.ConsistentRead ? 'new' : 'old') })
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(json)
      return
    }
    const page = requests.push(asked) - 1
    const Items = PAGES[page].slice(0, asked.Limit).map(item)
    const LastEvaluatedKey = page < PAGES.length - 1 ? { pk: { S: 'p' }, sk: { S: `after ${page}` } } : undefined
    const json = JSON.stringify({ Items, Count: Items.length, LastEvaluatedKey })
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(json)
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
