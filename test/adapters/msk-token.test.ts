import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { mskToken } from '../../adapters/msk-token.ts'

const CREDENTIALS = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'secret', AWS_SESSION_TOKEN: 'session' }

beforeEach(() => {
  for (const [name, value] of Object.entries({ ...CREDENTIALS, AWS_REGION: 'eu-central-1' })) vi.stubEnv(name, value)
  // The token's time is the signer's own.
  vi.useFakeTimers({ now: new Date('2026-11-20T10:00:00Z'), toFake: ['Date'] })
})
afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllEnvs()
})

test('an MSK token is a presigned request to connect, good for 15 minutes', async () => {
  const token = await mskToken()
  expect(token).toMatch(/^[\w-]+$/)
  const url = new URL(Buffer.from(token, 'base64url').toString())
  expect(`${url.origin}${url.pathname}`).toBe('https://kafka.eu-central-1.amazonaws.com/')
  expect(Object.fromEntries(url.searchParams)).toEqual({
    Action: 'kafka-cluster:Connect',
    'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
    'X-Amz-Credential': 'AKIDEXAMPLE/20261120/eu-central-1/kafka-cluster/aws4_request',
    'X-Amz-Date': '20261120T100000Z',
    'X-Amz-Expires': '900',
    'X-Amz-SignedHeaders': 'host',
    'X-Amz-Security-Token': 'session',
    'X-Amz-Signature': expect.stringMatching(/^[0-9a-f]{64}$/),
    'User-Agent': expect.stringMatching(/^aws-msk-iam-sasl-signer-js/),
  })
})

test('its signature depends on the secret', async () => {
  const first = await mskToken()
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'another')
  expect(await mskToken()).not.toBe(first)
})
