/** Namespaces of the catalog, asked as clients ask for them. */
import { describe, expect, test } from 'vitest'
import { askedApi } from '../support.ts'

describe('namespaces', () => {
  test('are made, listed level by level in pages, described, and dropped when empty', async () => {
    const { ask } = askedApi()
    for (const namespace of [['b'], ['a'], ['a', 'x'], ['a', 'y.z'], ['a', 'x', 'deep']])
      expect(await ask('POST', 'namespaces', { namespace, properties: { owner: 'me' } })).toMatchObject({ status: 200 })
    expect((await ask('GET', 'namespaces')).body).toEqual({ namespaces: [['a'], ['b'], ['market_data']] })
    expect((await ask('GET', 'namespaces?parent=a')).body).toEqual({
      namespaces: [
        ['a', 'x'],
        ['a', 'y.z'],
      ],
    })
    const first = (await ask('GET', 'namespaces?pageSize=2')).body
    expect(first.namespaces).toEqual([['a'], ['b']])
    const second = (await ask('GET', `namespaces?pageSize=2&pageToken=${first['next-page-token']}`)).body
    expect(second).toEqual({ namespaces: [['market_data']], 'next-page-token': null })
    expect((await ask('GET', 'namespaces/a%1Fy.z')).body).toEqual({
      namespace: ['a', 'y.z'],
      properties: { owner: 'me' },
    })
    expect((await ask('DELETE', 'namespaces/a')).body.error).toMatchObject({
      type: 'NamespaceNotEmptyException',
      code: 409,
    })
    expect((await ask('DELETE', 'namespaces/b')).status).toBe(204)
    expect((await ask('GET', 'namespaces/b')).body.error).toEqual({
      ...{ message: 'Namespace does not exist: b', type: 'NoSuchNamespaceException', code: 404 },
    })
  })

  test('have properties that are set and removed one by one', async () => {
    const { ask } = askedApi()
    await ask('POST', 'namespaces', { namespace: ['a'], properties: { one: '1', two: '2' } })
    const change = { updates: { three: '3' }, removals: ['one', 'none'] }
    expect((await ask('POST', 'namespaces/a/properties', change)).body).toEqual({
      ...{ updated: ['three'], removed: ['one'], missing: ['none'] },
    })
    expect((await ask('GET', 'namespaces/a')).body.properties).toEqual({ two: '2', three: '3' })
    const both = { updates: { two: '3' }, removals: ['two'] }
    expect((await ask('POST', 'namespaces/a/properties', both)).status).toBe(422)
  })
})
