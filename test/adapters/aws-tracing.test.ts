/** What a traced function tells X-Ray: its daemon is a UDP socket on the function's own machine, and here one of the test's. */
import { execFile } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'

const run = promisify(execFile)
const CLIENTS = new URL('../../adapters/aws-clients.ts', import.meta.url).href
const SCRIPT = `
  const { awsClients } = await import(${JSON.stringify(CLIENTS)})
  const { GetItemCommand } = await import('@aws-sdk/client-dynamodb')
  const answer = await awsClients().dynamo.send(new GetItemCommand({ TableName: 'state', Key: { pk: { S: 'a' } } }))
  console.log(JSON.stringify(answer.Item))
  setTimeout(() => {}, 200)`

/** Calls DynamoDB once in a process that looks like a function's; gives the segments that it sent. */
async function segmentsOf(environment: Readonly<Record<string, string>>): Promise<string[]> {
  const dynamo = createServer((_, answer) => answer.end(JSON.stringify({ Item: { pk: { S: 'a' } } })))
  await new Promise<void>(resolve => dynamo.listen(0, '127.0.0.1', resolve))
  const daemon = createSocket('udp4')
  daemon.bind(0, '127.0.0.1')
  await once(daemon, 'listening')
  onTestFinished(() => {
    dynamo.close()
    daemon.close()
  })
  const segments: string[] = []
  daemon.on('message', message => segments.push(message.toString()))
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', SCRIPT], {
    env: {
      PATH: process.env.PATH,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(dynamo.address() as AddressInfo).port}`,
      AWS_LAMBDA_FUNCTION_NAME: 'tradelake-dev-gold',
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      LAMBDA_TASK_ROOT: '/var/task',
      AWS_XRAY_DAEMON_ADDRESS: `127.0.0.1:${daemon.address().port}`,
      _X_AMZN_TRACE_ID: 'Root=1-67891233-abcdef012345678912345678;Parent=53995c3f42cd8ad8;Sampled=1',
      ...environment,
    },
  })
  expect(stdout.trim()).toBe('{"pk":{"S":"a"}}')
  // What was sent is with this process by now, but not yet read.
  await delay(500)
  return segments
}

test('in a traced stack each call of an AWS client is a part of the invocation’s trace', async () => {
  const segments = await segmentsOf({ POWERTOOLS_TRACE_ENABLED: 'true' })
  expect(segments.join('\n')).toContain('"name":"DynamoDB"')
  expect(segments.join('\n')).toContain('"trace_id":"1-67891233-abcdef012345678912345678"')
})

test('elsewhere nothing is sent', async () => {
  expect(await segmentsOf({})).toEqual([])
})
