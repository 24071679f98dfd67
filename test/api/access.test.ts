/** Who is answered: this machine where there are no keys, else who has one. */
import { describe, expect, test } from 'vitest'
import { addKey, listKeys, revokeKey, type Scope } from '../../domain/access-keys.ts'
import { BadInput } from '../../domain/errors.ts'
import { askedApi, SCHEMA } from './support.ts'

const SECRET = 'A'.repeat(43)
const DAY = 86_400_000

async function withKey(scopes: readonly Scope[], expiresAt?: number) {
  const api = askedApi({ auth: 'keys' })
  // The ports of the lake that the application is over.
  const { id, text } = await addKey(api.ports, { secret: SECRET, name: 'a test', scopes, expiresAt })
  return { ...api, id, text, bearer: { authorization: `Bearer ${text}` } }
}

describe('with keys', () => {
  test('nobody is answered without one, or with another', async () => {
    const { ask, id, bearer } = await withKey(['read'])
    const wrong: Record<string, string>[] = [
      {},
      { authorization: 'Bearer None' },
      { authorization: `Bearer tl_${id}_${'B'.repeat(43)}` },
      { authorization: `Bearer tl_000000000000_${SECRET}` },
      { authorization: 'Bearer tl_' },
      { authorization: `Basic ${SECRET}` },
    ]
    for (const headers of wrong)
      expect((await ask('GET', 'namespaces', undefined, headers)).body.error).toMatchObject({
        type: 'NotAuthorizedException',
        code: 401,
      })
    expect((await ask('GET', 'namespaces', undefined, bearer)).status).toBe(200)
  })

  test('one that may read does not write, and one that may write to a namespace writes to what is in it alone', async () => {
    const reader = await withKey(['read'])
    const create = { namespace: ['research'] }
    expect((await reader.ask('POST', 'namespaces', create, reader.bearer)).body.error).toMatchObject({ code: 403 })
    const writer = await withKey(['read', 'write:research'])
    expect((await writer.ask('POST', 'namespaces', create, writer.bearer)).status).toBe(200)
    expect((await writer.ask('POST', 'namespaces', { namespace: ['research', 'deep'] }, writer.bearer)).status).toBe(
      200,
    )
    for (const namespace of [['research2'], ['other', 'research'], ['market_data']])
      expect((await writer.ask('POST', 'namespaces', { namespace }, writer.bearer)).status).toBe(403)
    const table = { name: 't', schema: SCHEMA }
    expect((await writer.ask('POST', 'namespaces/research%1Fdeep/tables', table, writer.bearer)).status).toBe(200)
    const move = {
      source: { namespace: ['research', 'deep'], name: 't' },
      destination: { namespace: ['other'], name: 't' },
    }
    expect((await writer.ask('POST', 'tables/rename', move, writer.bearer)).status).toBe(403)
    const change = { identifier: { namespace: ['other'], name: 't' }, requirements: [], updates: [] }
    expect((await writer.ask('POST', 'transactions/commit', { 'table-changes': [change] }, writer.bearer)).status).toBe(
      403,
    )
  })

  test('one ends at its time, and within seconds when it is revoked', async () => {
    const { ask, bearer, clock, ports, id } = await withKey(['read'], Date.UTC(2026, 10, 21, 12))
    expect((await ask('GET', 'config', undefined, bearer)).status).toBe(200)
    clock.advance(DAY)
    expect((await ask('GET', 'config', undefined, bearer)).status).toBe(401)
    clock.advance(-DAY / 2)
    expect((await ask('GET', 'config', undefined, bearer)).status).toBe(200)
    await revokeKey(ports, id)
    clock.advance(5_000)
    expect((await ask('GET', 'config', undefined, bearer)).status).toBe(401)
    await expect(revokeKey(ports, id)).rejects.toThrow(BadInput)
    expect(await listKeys(ports)).toEqual([])
  })

  test('clients with an id and a secret get a token, in the body or as Basic', async () => {
    const { ask, id, text } = await withKey(['read'])
    const form = (fields: Record<string, string>) =>
      new URLSearchParams({ grant_type: 'client_credentials', ...fields }).toString()
    const basic = (user: string, secret: string) => ({ authorization: `Basic ${btoa(`${user}:${secret}`)}` })
    const scope = 'PRINCIPAL_ROLE:ALL'
    for (const answer of [
      await ask('POST', 'oauth/tokens', form({ client_id: id, client_secret: SECRET, scope: 'catalog' })),
      await ask('POST', 'oauth/tokens', form({ scope }), basic(id, SECRET)),
      await ask('POST', 'oauth/tokens', form({ scope }), basic('anything', text)),
    ])
      expect(answer).toMatchObject({ status: 200, body: { access_token: text, token_type: 'bearer' } })
    expect(await ask('POST', 'oauth/tokens', form({ client_id: id, client_secret: 'wrong' }))).toMatchObject({
      status: 401,
      body: { error: 'invalid_client' },
    })
    const exchange = { grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange', subject_token: text }
    expect((await ask('POST', 'oauth/tokens', form(exchange))).body.access_token).toBe(text)
    expect(await ask('POST', 'oauth/tokens', form({ grant_type: 'password' }))).toMatchObject({
      status: 400,
      body: { error: 'unsupported_grant_type' },
    })
  })

  test('the lake holds no secret', async () => {
    const { ports } = await withKey(['read'])
    expect(JSON.stringify(await ports.state.query('state', 'keys'))).not.toContain(SECRET)
  })
})

describe('without keys', () => {
  test('this machine is answered, and no page of another site', async () => {
    const { ask } = askedApi()
    for (const host of ['localhost:8080', '127.0.0.1:8080', '[::1]:8080', '127.0.0.1'])
      expect((await ask('GET', 'config', undefined, { host })).status, host).toBe(200)
    for (const host of ['evil.example', '127.0.0.1.evil.example', 'localhost.evil.example:8080', ''])
      expect((await ask('GET', 'config', undefined, { host })).status, host).toBe(403)
    expect((await ask('POST', 'namespaces', { namespace: ['a'] }, { origin: 'https://evil.example' })).status).toBe(403)
    expect((await ask('POST', 'namespaces', { namespace: ['a'] }, { origin: 'http://localhost:8080' })).status).toBe(
      200,
    )
  })

  test('clients that ask for a token get one, and what they ask of delegation is no error', async () => {
    const { ask } = askedApi()
    expect(
      (await ask('POST', 'oauth/tokens', 'grant_type=client_credentials&client_id=a&client_secret=b')).status,
    ).toBe(200)
    expect(
      (
        await ask('GET', 'config', undefined, {
          authorization: 'Bearer None',
          'x-iceberg-access-delegation': 'teleport',
        })
      ).status,
    ).toBe(200)
  })
})
