/** The S3 store against S3's own words: pages, answers that are lost, deletes that are refused one by one. */
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { awsClients } from '../../adapters/aws-clients.ts'
import { s3Store } from '../../adapters/s3-store.ts'
import { systemIds, systemScratch } from '../../adapters/system.ts'
import { AlreadyExists, Throttled, TradelakeError } from '../../domain/errors.ts'
import type { ObjectStore } from '../../domain/ports.ts'
import { listed, objectStoreContract } from '../contract/object-store.contract.ts'
import { type S3Server, startS3 } from './s3-server.ts'

let server: S3Server
let store: ObjectStore

beforeAll(async () => {
  server = await startS3()
  const environment = {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_ENDPOINT_URL_S3: server.url,
  }
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
})
afterAll(async () => {
  vi.unstubAllEnvs()
  await server.close()
})

const ids = systemIds()
const scratch = systemScratch()
const open = () => s3Store({ client: awsClients(2).s3, bucket: `lake-${ids.uuid()}`, ids, scratch })
beforeEach(() => {
  Object.assign(server, { pageKeys: 2, lostAnswers: 0, failing: 0 })
  server.undeletable.clear()
  server.deletes.length = 0
  store = open()
})

const bytes = (text: string) => Buffer.from(text)
const keys = async (prefix?: string) => (await listed(store, prefix)).map(({ key }) => key)

objectStoreContract('s3Store', async () => open())

test('a list goes on to its last page', async () => {
  for (const name of ['a', 'b', 'c', 'd', 'e']) await store.put(`x/${name}`, bytes(name))
  expect(await keys('x/')).toEqual(['x/a', 'x/b', 'x/c', 'x/d', 'x/e'])
})

test('a put whose answer was lost is done: the client’s own second try does not take the key for another’s', async () => {
  server.lostAnswers = 1
  await store.put('k', bytes('mine'))
  expect(Buffer.from(await store.get('k')).toString()).toBe('mine')
})

test('a put of the same bytes by another writer is refused, also where an answer was lost before', async () => {
  await store.put('k', bytes('same'))
  await expect(store.put('k', bytes('same'))).rejects.toThrow(AlreadyExists)
})

test('an object that S3 did not delete is an error that names it; the others are gone', async () => {
  for (const key of ['a', 'b', 'c']) await store.put(key, bytes(key))
  server.undeletable.set('b', 'AccessDenied')
  const deleting = store.delete(['a', 'b', 'c'])
  await expect(deleting).rejects.toThrow(TradelakeError)
  await expect(deleting).rejects.toThrow(/^1 objects of lake-\S+ were not deleted, the first is b: AccessDenied no$/)
  expect(await keys()).toEqual(['b'])
})

test('more keys than S3 takes at once are deleted in several requests', async () => {
  await store.put('k/1000', bytes('x'))
  await store.delete(Array.from({ length: 1_001 }, (_, i) => `k/${i}`))
  expect(server.deletes).toEqual([1_000, 1])
  expect(await keys()).toEqual([])
})

test.each([500, 503])('an answer of %i is tried again later, whatever was asked', async status => {
  server.failing = status
  const one = s3Store({ client: awsClients(1).s3, bucket: 'lake', ids, scratch })
  const asked = [
    one.get('k'),
    one.head('k'),
    one.put('k', bytes('x')),
    one.delete(['k']),
    listed(one),
    one.localFile('k'),
  ]
  for (const outcome of await Promise.allSettled(asked))
    expect(outcome.status === 'rejected' && outcome.reason).toBeInstanceOf(Throttled)
})

test('a refusal that stays one is no reason to try later', async () => {
  server.failing = 403
  for (const outcome of await Promise.allSettled([store.get('k'), store.head('k'), store.put('k', bytes('x'))])) {
    expect(outcome.status).toBe('rejected')
    expect(outcome.status === 'rejected' && outcome.reason).not.toBeInstanceOf(Throttled)
  }
})

test('a server that is away is asked again later', async () => {
  const away = await startS3()
  await away.close()
  vi.stubEnv('AWS_ENDPOINT_URL_S3', away.url)
  const one = s3Store({ client: awsClients(1).s3, bucket: 'lake', ids, scratch })
  const [outcome] = await Promise.allSettled([one.get('k')])
  vi.stubEnv('AWS_ENDPOINT_URL_S3', server.url)
  const problem = outcome.status === 'rejected' ? outcome.reason : undefined
  expect(problem).toBeInstanceOf(Throttled)
  expect(String(problem.message)).toMatch(/^Reading k of lake: .*ECONNREFUSED.*\.$/)
})
