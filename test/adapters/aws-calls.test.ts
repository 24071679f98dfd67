/** SQS and Lambda as their API references say they answer: a call may succeed as a whole and fail in part. */
import { createHash } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { SQSClient } from '@aws-sdk/client-sqs'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { invocationFailure, invokingClient } from '../../adapters/lambda-invoke.ts'
import { sqsEvents } from '../../adapters/sqs-events.ts'
import { Throttled, TradelakeError } from '../../domain/errors.ts'

interface Entry {
  readonly Id: string
  readonly MessageBody: string
}

let server: Server
let url: string
/** Messages of each SendMessageBatch. */
let batches: Entry[][]
/** The message that SQS does not take. */
let refused: number
let functionError: string | undefined
let invoked: string | undefined

beforeEach(async () => {
  batches = []
  refused = Number.NaN
  functionError = undefined
  server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    if (request.url?.includes('/invocations')) {
      invoked = request.url
      response.writeHead(200, { ...(functionError !== undefined && { 'x-amz-function-error': functionError }) })
      response.end(functionError === undefined ? '{"done":1}' : '{"errorMessage":"out of memory"}')
      return
    }
    const { Entries } = JSON.parse(body) as { Entries: Entry[] }
    const before = batches.flat().length
    batches.push(Entries)
    const isRefused = (_: Entry, i: number) => before + i === refused
    const answer = {
      Failed: Entries.filter(isRefused).map(({ Id }) => ({
        Id,
        Code: 'InternalError',
        Message: 'busy',
        SenderFault: false,
      })),
      Successful: Entries.filter((entry, i) => !isRefused(entry, i)).map(({ Id, MessageBody }) => ({
        Id,
        MessageId: Id,
        MD5OfMessageBody: createHash('md5').update(MessageBody).digest('hex'),
      })),
    }
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(answer))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const environment = {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_ENDPOINT_URL: url,
  }
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
})

const objects = (count: number) => Array.from({ length: count }, (_, i) => ({ key: `k/${i}`, bytes: i }))
const events = () => sqsEvents(new SQSClient({ maxAttempts: 1 }), { binance: `${url}/1/silver` })

test('objects are sent ten at a time, each as S3 itself would tell of it', async () => {
  await events().send('binance', objects(21))
  expect(batches.map(batch => batch.length)).toEqual([10, 10, 1])
  const keys = batches.flat().map(({ MessageBody }) => JSON.parse(MessageBody).Records?.[0].s3.object.key)
  expect(keys).toEqual(objects(21).map(({ key }) => key))
})

test('a message that SQS did not take of a batch that it did is tried later: the objects stay pending', async () => {
  refused = 11
  const sending = events().send('binance', objects(12))
  await expect(sending).rejects.toThrow(Throttled)
  await expect(sending).rejects.toThrow(`1 messages to ${url}/1/silver were not taken: busy.`)
})

test('an exchange without a queue is named', async () => {
  await expect(events().send('kraken', objects(1))).rejects.toThrow(TradelakeError)
})

test('the version that gets the events is invoked, and one that failed says so in an invocation that succeeded', async () => {
  expect(await invocationFailure(invokingClient(), 'gold', {})).toBe(undefined)
  expect(invoked).toBe('/2015-03-31/functions/gold/invocations?Qualifier=live')
  functionError = 'Unhandled'
  expect(await invocationFailure(invokingClient(), 'gold', {})).toBe('{"errorMessage":"out of memory"}')
})
