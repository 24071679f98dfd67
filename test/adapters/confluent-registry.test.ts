import { createServer, type Server } from 'node:http'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { bundledRegistry } from '../../adapters/bundled-registry.ts'
import { confluentRegistry } from '../../adapters/confluent-registry.ts'
import { Throttled } from '../../domain/errors.ts'
import { TRADE_SCHEMA } from '../../domain/trade.ts'

let server: Server
let url: string
let asked: { path: string | undefined; authorization: string | undefined }[]
let answers: { status: number; body: string }[]
const clock = { sleep: async () => {} }

beforeEach(async () => {
  asked = []
  answers = []
  server = createServer((request, response) => {
    asked.push({ path: request.url, authorization: request.headers.authorization })
    const { status, body } = answers.shift() ?? { status: 500, body: 'no more answers' }
    response.writeHead(status).end(body)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
})
afterEach(() => server.close())

const schema = { status: 200, body: JSON.stringify({ schema: JSON.stringify(TRADE_SCHEMA) }) }
const unknown = { status: 404, body: JSON.stringify({ error_code: 40403, message: 'Schema not found' }) }

test('gives the writer schema of an id, under a path, with the user and password of the URL', async () => {
  answers.push(schema)
  const registry = confluentRegistry({ url: `${url.replace('//', '//us%40er:pa%3Ass@')}/apis/ccompat/v7/`, clock })
  expect(await registry.writerSchema(7)).toEqual(TRADE_SCHEMA)
  const authorization = `Basic ${Buffer.from('us@er:pa:ss').toString('base64')}`
  expect(asked).toEqual([{ path: '/apis/ccompat/v7/schemas/ids/7', authorization }])
})

test('says that there is no such id only where the registry says so', async () => {
  answers.push(unknown)
  expect(await confluentRegistry({ url, clock }).writerSchema(7)).toBeUndefined()
  answers.push({ status: 404, body: 'page not found' }, { status: 502, body: '' }, { status: 200, body: '<html>' })
  await expect(confluentRegistry({ url, clock }).writerSchema(7)).rejects.toThrow(Throttled)
})

test.each([
  ['a schema of Protobuf', 200, { schemaType: 'PROTOBUF', schema: 'syntax = "proto3"; message T { string a = 1; }' }],
  ['a JSON schema', 200, { schemaType: 'JSON', schema: '{"type":"object"}' }],
  ['a schema that is no JSON, of a kind that is not named', 200, { schema: 'syntax = "proto3";' }],
  ['an id that cannot be one', 422, { error_code: 422, message: 'Unprocessable' }],
  ['an id of another code', 422, { error_code: 42_202, message: 'Invalid version' }],
])('%s is no Avro schema, and no outage', async (_, status, answer) => {
  answers.push({ status, body: JSON.stringify(answer) })
  expect(await confluentRegistry({ url, clock }).writerSchema(7)).toBeUndefined()
  expect(asked).toHaveLength(1)
})

test.each([
  ['a page', 422, '<html>422</html>'],
  ['a page', 404, '<html>40403</html>'],
  ['another subject’s error', 404, JSON.stringify({ error_code: 40_401 })],
  ['an answer without a schema', 200, '{}'],
])('%s (%i) is an outage', async (_, status, body) => {
  answers.push({ status, body }, { status, body }, { status, body })
  await expect(confluentRegistry({ url, clock }).writerSchema(7)).rejects.toThrow(Throttled)
})

test('asks again, and then what is known for good', async () => {
  answers.push({ status: 503, body: '' }, schema)
  expect(await confluentRegistry({ url, clock }).writerSchema(1)).toEqual(TRADE_SCHEMA)
  const away = confluentRegistry({ url: 'http://127.0.0.1:9', fallback: bundledRegistry(), clock })
  expect(await away.writerSchema(1)).toEqual(TRADE_SCHEMA)
  await expect(away.writerSchema(3)).rejects.toThrow(
    /registry at http:\/\/127\.0\.0\.1:9 does not give schema 3: .* tries again\./,
  )
})
