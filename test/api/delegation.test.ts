/** How clients without credentials of their own get at files in S3. */
import { describe, expect, test } from 'vitest'
import { delegate, type FileService, signFor } from '../../api/catalog/delegation.ts'

const FOLDER = 's3://lake/user_tables/research/t-1'
const PLACE = { folder: FOLDER, access: 'read' as const, signer: 'v1/namespaces/research/tables/t/sign' }

function service(options: Partial<FileService> = {}): FileService {
  return {
    ...{ region: 'eu-central-1', endpoint: undefined, pathStyle: false },
    credentials: async (folder, access) => ({
      ...{
        accessKeyId: `key of ${folder}`,
        secretAccessKey: access,
        sessionToken: 'token',
        expiresAt: 1_700_000_000_000,
      },
    }),
    sign: async ({ method, uri, headers }) => ({ ...headers, authorization: `signed ${method} ${uri}` }),
    presign: async uri => `${uri}?signed`,
    ...options,
  }
}

const membersOf = async (...args: Parameters<typeof delegate>) =>
  JSON.parse(`{${(await delegate(...args)).members}"end":true}`)

describe('what an answer says of the files', () => {
  test('is credentials for the folder, where the client asks for them: in both places that clients look at', async () => {
    const { config, 'storage-credentials': credentials } = await membersOf(
      service(),
      'vended-credentials,remote-signing',
      PLACE,
    )
    expect(config).toEqual({
      ...{ 'client.region': 'eu-central-1', 's3.region': 'eu-central-1', 's3.access-key-id': `key of ${FOLDER}` },
      ...{
        's3.secret-access-key': 'read',
        's3.session-token': 'token',
        's3.session-token-expires-at-ms': '1700000000000',
      },
    })
    expect(credentials).toEqual([{ prefix: `${FOLDER}/`, config }])
  })

  test('names an emulator’s address and its style of paths', async () => {
    const { config } = await membersOf(
      service({ endpoint: 'http://127.0.0.1:4566', pathStyle: true }),
      'vended_credentials',
      PLACE,
    )
    expect(config).toMatchObject({ 's3.endpoint': 'http://127.0.0.1:4566', 's3.path-style-access': 'true' })
  })

  test('is where requests are signed, where there are no credentials to give', async () => {
    const { config, ...others } = await membersOf(
      service({ credentials: undefined }),
      'vended-credentials,remote-signing',
      PLACE,
    )
    expect(config).toMatchObject({ 's3.remote-signing-enabled': 'true', 's3.signer.endpoint': PLACE.signer })
    expect(others).toEqual({ end: true })
  })

  test('is no credential at all where there is none to give: an empty one would hide the client’s own', async () => {
    const answers = [
      await membersOf(service({ credentials: undefined }), 'vended-credentials', PLACE),
      await membersOf(service(), undefined, PLACE),
      await membersOf(undefined, 'vended-credentials', PLACE),
      await membersOf(service(), 'vended-credentials', { ...PLACE, folder: 'file:///lake/t' }),
    ]
    for (const answer of answers) expect(JSON.stringify(answer)).not.toMatch(/access-key|storage-credentials|signing/)
  })
})

describe('a request is signed', () => {
  const sign = (method: string, uri: string, access: 'read' | 'write', options: Partial<FileService> = {}) =>
    signFor(service(options), { method, uri, headers: { 'x-a': 'b' } }, { folder: FOLDER, access })
  const FILE = 'https://lake.s3.eu-central-1.amazonaws.com/user_tables/research/t-1/data/a%20b.parquet'

  test('for what is in the table’s folder', async () => {
    expect(await sign('GET', FILE, 'read')).toEqual({
      uri: FILE,
      headers: { 'x-a': ['b'], authorization: [`signed GET ${FILE}`] },
    })
    expect((await sign('PUT', FILE, 'write')).uri).toBe(FILE)
    const emulated = 'http://127.0.0.1:4566/lake/user_tables/research/t-1/data/a.parquet'
    expect((await sign('GET', emulated, 'read', { endpoint: 'http://127.0.0.1:4566' })).uri).toBe(emulated)
  })

  test.each([
    ['a write with a key that may read', 'PUT', FILE, 'read'],
    ['a delete with a key that may read', 'DELETE', FILE, 'read'],
    ['another table', 'GET', FILE.replace('t-1', 't-2'), 'write'],
    ['a table whose name begins the same', 'GET', FILE.replace('t-1/', 't-10/'), 'write'],
    ['a way out of the folder', 'GET', FILE.replace('data/', '%2e%2e/%2E%2E/'), 'write'],
    ['another bucket', 'GET', FILE.replace('lake.', 'other.'), 'write'],
    ['another host', 'GET', 'https://evil.example/lake/user_tables/research/t-1/a', 'write'],
    ['all of a bucket', 'GET', 'https://lake.s3.eu-central-1.amazonaws.com/?prefix=user_tables/research/t-1/', 'write'],
    ['deleting many', 'POST', 'https://lake.s3.eu-central-1.amazonaws.com/?delete', 'write'],
    ['no URL', 'GET', 'nonsense', 'write'],
  ] as const)('but not for %s', async (_, method, uri, access) => {
    await expect(sign(method, uri, access)).rejects.toThrow()
  })
})
