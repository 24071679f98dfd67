/** Access to files in S3 for clients, against a server that answers as the STS API reference says. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { s3FileService } from '../../adapters/file-service.ts'
import { Throttled } from '../../domain/errors.ts'

const ROLE = 'arn:aws:iam::111122223333:role/files'
const FOLDER = 's3://lake/user_tables/research/t-1'
const MINUTE_MS = 60_000

let now: number
let asked: URLSearchParams[]
let refusal: { status: number; code: string; message: string } | undefined
/** Seconds for which credentials are given. */
let lifetime: number
const server = createServer(async (request, response) => {
  let body = ''
  for await (const chunk of request) body += chunk
  asked.push(new URLSearchParams(body))
  if (refusal) {
    const { status, code, message } = refusal
    const error = `<ErrorResponse><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`
    response.writeHead(status, { 'content-type': 'text/xml' }).end(error)
    return
  }
  const expiration = new Date(now + 1000 * lifetime).toISOString()
  response.writeHead(200, { 'content-type': 'text/xml' }).end(`<AssumeRoleResponse><AssumeRoleResult><Credentials>
    <AccessKeyId>ASIA${asked.length}</AccessKeyId><SecretAccessKey>secret</SecretAccessKey><SessionToken>token</SessionToken>
    <Expiration>${expiration}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>`)
})

beforeEach(async () => {
  ;[now, asked, refusal, lifetime] = [1_763_640_000_000, [], undefined, 3_600]
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const environment = {
    AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
    AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
    AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${port}`,
  }
  for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
})
afterEach(async () => {
  vi.unstubAllEnvs()
  vi.useRealTimers()
  server.closeAllConnections()
  await new Promise(resolve => server.close(resolve))
})

function service(roleArn: string | undefined = ROLE) {
  const { credentials, ...rest } = s3FileService({ region: 'eu-central-1', roleArn, now: () => now })
  return {
    ...rest,
    credentials: credentials ?? (() => Promise.reject(new Error('there are none'))),
  }
}
const policyAsked = (at = 0) => JSON.parse(asked[at].get('Policy') ?? '')

describe('credentials', () => {
  test('are those of the role for an hour, cut down to the folder', async () => {
    expect(await service().credentials(FOLDER, 'write')).toEqual({
      ...{ accessKeyId: 'ASIA1', secretAccessKey: 'secret', sessionToken: 'token' },
      expiresAt: now + 60 * MINUTE_MS,
    })
    expect(Object.fromEntries(asked[0])).toMatchObject({
      ...{ Action: 'AssumeRole', RoleArn: ROLE, RoleSessionName: 'tradelake-catalog', DurationSeconds: '3600' },
    })
    expect(policyAsked()).toEqual({
      Version: '2012-10-17',
      Statement: [
        {
          Effect: 'Allow',
          Action: ['s3:GetObject', 's3:PutObject', 's3:DeleteObject', 's3:AbortMultipartUpload'],
          Resource: 'arn:aws:s3:::lake/user_tables/research/t-1/*',
        },
        {
          ...{ Effect: 'Allow', Action: 's3:ListBucket', Resource: 'arn:aws:s3:::lake' },
          Condition: {
            StringLike: { 's3:prefix': ['user_tables/research/t-1/*', 'user_tables/research/t-1'] },
          },
        },
        { Effect: 'Allow', Action: 's3:GetBucketLocation', Resource: 'arn:aws:s3:::lake' },
        {
          ...{ Effect: 'Allow', Action: ['kms:Decrypt', 'kms:GenerateDataKey'], Resource: '*' },
          Condition: { StringLike: { 'kms:ViaService': 's3.*' } },
        },
      ],
    })
  })

  test('for reading write nothing, in whichever part of AWS', async () => {
    await service('arn:aws-cn:iam::111122223333:role/files').credentials(FOLDER, 'read')
    expect(policyAsked().Statement[0]).toEqual({
      ...{ Effect: 'Allow', Action: ['s3:GetObject'] },
      Resource: 'arn:aws-cn:s3:::lake/user_tables/research/t-1/*',
    })
  })

  test('for a folder whose name looks like a pattern are for that folder alone', async () => {
    await service().credentials('s3://lake/user_tables/*/a?$', 'write')
    const [objects, list] = policyAsked().Statement
    // As IAM writes *, ? and $ where they mean themselves.
    const [star, mark, dollar] = ['*', '?', '$'].map(character => `\${${character}}`)
    const folder = `user_tables/${star}/a${mark}${dollar}`
    expect(objects.Resource).toBe(`arn:aws:s3:::lake/${folder}/*`)
    expect(list.Condition.StringLike['s3:prefix']).toEqual([`${folder}/*`, folder])
  })

  test('are given again until a quarter of an hour before their end, for the same folder and the same access', async () => {
    const { credentials } = service()
    const keyOf = async (folder: string, access: 'read' | 'write') => (await credentials(folder, access)).accessKeyId
    expect(await keyOf(FOLDER, 'read')).toBe('ASIA1')
    expect(await keyOf(FOLDER, 'write')).toBe('ASIA2')
    expect(await keyOf(`${FOLDER}0`, 'read')).toBe('ASIA3')
    now += 45 * MINUTE_MS - 1
    expect(await keyOf(FOLDER, 'read')).toBe('ASIA1')
    now += 1
    expect(await keyOf(FOLDER, 'read')).toBe('ASIA4')
    expect(await keyOf(FOLDER, 'read')).toBe('ASIA4')
  })

  test('are asked for once where many ask at the same moment, and again after a failure', async () => {
    const { credentials } = service()
    refusal = { status: 403, code: 'AccessDenied', message: 'no' }
    expect(
      (await Promise.allSettled([1, 2, 3].map(() => credentials(FOLDER, 'read')))).map(each => each.status),
    ).toEqual(['rejected', 'rejected', 'rejected'])
    expect(asked).toHaveLength(1)
    refusal = undefined
    const given = await Promise.all([1, 2, 3].map(() => credentials(FOLDER, 'read')))
    expect(new Set(given.map(each => each.accessKeyId))).toEqual(new Set(['ASIA2']))
  })

  test('that are refused say so in one line, with the role', async () => {
    refusal = {
      status: 403,
      code: 'AccessDenied',
      message: `User: me is not authorized to perform: sts:AssumeRole on resource: ${ROLE}`,
    }
    await expect(service().credentials(FOLDER, 'read')).rejects.toThrow(
      `Assuming the role ${ROLE} failed: User: me is not authorized to perform: sts:AssumeRole on resource: ${ROLE}`,
    )
  })

  test('of a service that is busy are something to ask for again later', async () => {
    refusal = { status: 400, code: 'Throttling', message: 'Rate exceeded' }
    await expect(service().credentials(FOLDER, 'read')).rejects.toBeInstanceOf(Throttled)
  }, 30_000)

  test('are none without a role', () => {
    expect(s3FileService({ region: 'eu-central-1', roleArn: undefined, now: () => now }).credentials).toBeUndefined()
    expect(asked).toEqual([])
  })
})

describe('a signature', () => {
  test('is that of AWS’s own example', async () => {
    // Amazon S3 user guide, "Signature calculations: Authorization header", "Example: GET Object".
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAIOSFODNN7EXAMPLE')
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY')
    vi.useFakeTimers({ now: Date.UTC(2013, 4, 24), toFake: ['Date'] })
    const { sign } = s3FileService({ region: 'us-east-1', roleArn: undefined, now: () => now })
    const headers = await sign({
      ...{ method: 'GET', uri: 'https://examplebucket.s3.amazonaws.com/test.txt' },
      headers: {
        range: 'bytes=0-9',
        'x-amz-content-sha256': 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
      },
    })
    expect(headers.authorization).toBe(
      'AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, ' +
        'SignedHeaders=host;range;x-amz-content-sha256;x-amz-date, ' +
        'Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
    )
  })

  test('covers names that are escaped in a URL, and what is asked of an emulator at its port', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_S3', 'http://127.0.0.1:4566')
    const { sign, endpoint, pathStyle } = service()
    expect([endpoint, pathStyle]).toEqual(['http://127.0.0.1:4566', true])
    const headers = await sign({
      method: 'PUT',
      uri: 'http://127.0.0.1:4566/lake/a%20b%3D1?partNumber=1&uploadId=x',
      headers: {},
    })
    expect(headers).toMatchObject({ host: '127.0.0.1:4566', 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' })
  })
})
