/**
 * chDB (ClickHouse) reads S3 with credentials that the catalog gives, where IAM is enforced and it has none of its own. It signs for us-east-1 at
 * an endpoint, so the bucket is there; and the catalog names no endpoint, as none is named on AWS.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CreateBucketCommand, S3Client } from '@aws-sdk/client-s3'
import { afterAll, expect, test } from 'vitest'
import { s3FileService } from '../../adapters/file-service.ts'
import { openHttpServer } from '../../adapters/http-server.ts'
import { s3Store } from '../../adapters/s3-store.ts'
import { systemClock, systemIds } from '../../adapters/system.ts'
import { createApi } from '../../api/app.ts'
import { clientOptions, startMiniStack } from '../../localstack/ministack.ts'
import { memoryState } from '../memory/state.ts'
import { SILENT } from '../silent-log.ts'
import { client, type Json } from './asked-catalog.ts'
import { createRole, putRolePolicy } from './iam.ts'

const BUCKET = 'lake'
const folder = mkdtempSync(join(tmpdir(), 'tradelake-chdb-'))
const stack = await startMiniStack({ folder, auth: true, region: 'us-east-1' })
Object.assign(process.env, stack.clientEnv)
afterAll(async () => {
  await stack.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('chDB without credentials lists and reads a user’s table through the catalog', async () => {
  const { endpoint, account, region } = stack
  const s3 = new S3Client({ ...clientOptions(stack), forcePathStyle: true })
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }))
  const roleArn = await createRole(endpoint, account, 'catalog-clients')
  const Resource = [`arn:aws:s3:::${BUCKET}`, `arn:aws:s3:::${BUCKET}/*`]
  const statements = [{ Effect: 'Allow', Action: 's3:*', Resource }] as const
  await putRolePolicy(endpoint, { role: 'catalog-clients', name: 'files', statements })
  const [clock, ids] = [systemClock(), systemIds()]
  const scratch = { path: (name: string) => join(folder, name), remove: () => {} }
  const store = s3Store({ client: s3, bucket: BUCKET, ids, scratch })
  const service = s3FileService({ region, roleArn, now: clock.now })
  // Files that exports name are had without any credentials.
  await store.put('signed/a file+1.parquet', Buffer.from('its bytes'))
  const signed = await fetch(await service.presign(`s3://${BUCKET}/signed/a file+1.parquet`, 60))
  expect([signed.status, await signed.text()]).toEqual([200, 'its bytes'])
  const ports = { clock, ids, state: memoryState(), store }
  const catalogOf = (whole: typeof service) => {
    const api = createApi({ ports, service: whole, log: SILENT, auth: 'none' })
    return openHttpServer(request => api.fetch(request), { host: '127.0.0.1', port: 0 })
  }
  const [full, asOnAws] = [await catalogOf(service), await catalogOf({ ...service, endpoint: undefined })]
  try {
    expect(await client('written', `${full.url}/iceberg`, 'none')).toBe(true)
    const catalog = `${asOnAws.url}/iceberg`
    const load = await fetch(`${catalog}/v1/namespaces/delegated/tables/t`, {
      headers: { 'x-iceberg-access-delegation': 'vended-credentials' },
    })
    const { config } = (await load.json()) as Json
    expect(config).toMatchObject({ 's3.session-token': expect.any(String) })
    expect(config).not.toHaveProperty(['s3.endpoint'])
    expect(await client('chdb', catalog, 'none', `${endpoint}/${BUCKET}`)).toEqual({
      tables: ['delegated.t'],
      rows: {
        'delegated.t': [
          { n: 1, price: '0.0000000001' },
          { n: 2, price: '9999999999.9999999999' },
        ],
      },
    })
  } finally {
    await Promise.all([full.close(), asOnAws.close()])
    s3.destroy()
  }
})
