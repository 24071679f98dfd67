/** Secrets, read from a server that answers as Secrets Manager's API reference says. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { readSecret } from '../../adapters/secrets.ts'
import { Throttled, TradelakeError } from '../../domain/errors.ts'

const ARN = 'arn:aws:secretsmanager:eu-central-1:111122223333:secret:kafka-AbCdEf'

let answer: { status: number; body: object }
let asked: { target: string | undefined; body: unknown }[]
const server = createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request) body += chunk
  asked.push({ target: request.headers['x-amz-target'] as string | undefined, body: JSON.parse(body) })
  response.writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answer.body))
})

beforeEach(async () => {
  asked = []
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const environment = {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
  }
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await new Promise(resolve => server.close(resolve))
})

test('a secret is its text', async () => {
  answer = { status: 200, body: { ARN, SecretString: '{"username":"u","password":"p"}' } }
  expect(await readSecret(ARN)).toBe('{"username":"u","password":"p"}')
  expect(asked).toEqual([{ target: 'secretsmanager.GetSecretValue', body: { SecretId: ARN } }])
})

test('one of bytes alone is refused in words', async () => {
  answer = { status: 200, body: { ARN, SecretBinary: 'AAEC' } }
  await expect(readSecret(ARN)).rejects.toThrow(`The secret ${ARN} has no text: give it as JSON.`)
})

test.each([
  ['ResourceNotFoundException', "can't find the specified secret"],
  ['AccessDeniedException', 'is not authorized to perform: secretsmanager:GetSecretValue'],
])('%s names the secret and what to check', async (__type, message) => {
  answer = { status: 400, body: { __type, message } }
  const error = await readSecret(ARN).catch(caught => caught)
  expect(error).toBeInstanceOf(TradelakeError)
  expect(error.message).toContain(`no secret ${ARN} (`)
  expect(error.message).toContain(message)
  expect(error.message).toContain('check that it exists and that the role may read it')
})

test('a service that is busy is one to try again later', async () => {
  answer = { status: 400, body: { __type: 'ThrottlingException', message: 'Rate exceeded' } }
  await expect(readSecret(ARN)).rejects.toBeInstanceOf(Throttled)
  expect(asked.length).toBeGreaterThan(1)
})
