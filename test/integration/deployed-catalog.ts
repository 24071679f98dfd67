/**
 * The catalog of a deployed lake, with IAM enforced: the function behind its URL, `tradelake serve --stack` beside it, and clients
 * that have a key of the catalog's and no credentials of AWS.
 */
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3'
import { expect } from 'vitest'
import { openTables } from '../../tables/views.ts'
import { addKey, asking, client, functionCatalog, type Json, served, tradelake } from './asked-catalog.ts'
import type { Deployed } from './deployed.ts'
import { createRole, putRolePolicy } from './iam.ts'

const VENDED = { 'x-iceberg-access-delegation': 'vended-credentials' }
const SCHEMA = { type: 'struct', fields: [{ id: 1, name: 'n', required: false, type: 'long' }] }

async function goldOf(deployed: Deployed): Promise<{ readonly rows: number; readonly quantity: string }> {
  const [{ rows, quantity }] = await deployed.rows(
    "SELECT count(*) AS rows, rtrim(rtrim(CAST(sum(quantity) AS VARCHAR), '0'), '.') AS quantity FROM gold_crypto_trades",
  )
  return { rows: Number(rows), quantity: String(quantity) }
}

const refusalOf = (request: Promise<unknown>) =>
  request.then(
    () => 'nothing',
    error => error.name,
  )

async function functionAnswers(deployed: Deployed): Promise<void> {
  const catalog = functionCatalog(deployed)
  const { id, key } = await addKey(deployed, 'read,write:deployed')
  expect(await asking(catalog)('GET', 'namespaces')).toMatchObject({ status: 401 })
  const ask = asking(catalog, key)
  expect((await ask('GET', 'namespaces')).body.namespaces).toContainEqual(['market_data'])
  const tables = (await openTables(deployed.lake)).filter(({ loaded }) => loaded)
  const { body: listed } = await ask('GET', 'namespaces/market_data/tables')
  expect(listed.identifiers.map((each: Json) => each.name).sort()).toEqual(
    tables.map(({ definition }) => definition.name).sort(),
  )
  for (const { definition, loaded } of tables)
    expect((await ask('GET', `namespaces/market_data/tables/${definition.name}`)).body).toMatchObject({
      'metadata-location': loaded?.metadataLocation,
    })

  expect(await ask('POST', 'namespaces', { namespace: ['others'] })).toMatchObject({ status: 403 })
  expect(await ask('POST', 'namespaces', { namespace: ['deployed'] })).toMatchObject({ status: 200 })
  const made = await ask('POST', 'namespaces/deployed/tables', { name: 't', schema: SCHEMA })
  expect(made).toMatchObject({ status: 200, body: { metadata: { 'format-version': 2 } } })
  const commit = {
    requirements: [{ type: 'assert-table-uuid', uuid: made.body.metadata['table-uuid'] }],
    updates: [{ action: 'set-properties', updates: { owner: 'me' } }],
  }
  expect(await ask('POST', 'namespaces/deployed/tables/t', commit)).toMatchObject({ status: 200 })
  expect(await ask('GET', 'namespaces/deployed/tables/t')).toMatchObject({
    body: {
      metadata: { properties: { owner: 'me' }, 'metadata-log': [{ 'metadata-file': made.body['metadata-location'] }] },
    },
  })
  // Not even tags: its role may not write there.
  for (const updates of [commit.updates, [{ action: 'remove-snapshot-ref', 'ref-name': 'none' }]])
    expect(
      await ask('POST', 'namespaces/market_data/tables/gold_crypto_trades', { requirements: [], updates }),
    ).toMatchObject({ status: 403, body: { error: { type: 'ForbiddenException' } } })
  expect(await ask('DELETE', 'namespaces/deployed/tables/t?purgeRequested=true')).toMatchObject({ status: 204 })
  expect(await ask('DELETE', 'namespaces/deployed')).toMatchObject({ status: 204 })
  await tradelake(deployed, 'keys', 'revoke', id)
  await deployed.until(
    'a refusal of the revoked key',
    async () => (await ask('GET', 'namespaces')).status === 401,
    30_000,
  )
}

async function credentialsOpenOneFolder(deployed: Deployed): Promise<void> {
  const bucket = deployed.lake.output('Bucket')
  const ask = asking(functionCatalog(deployed), (await addKey(deployed, 'write:*')).key)
  const keyOf = (location: string) => location.slice(`s3://${bucket}/`.length)
  await ask('POST', 'namespaces', { namespace: ['folders'] })
  const make = async (table: object) => {
    const answer = await ask('POST', 'namespaces/folders/tables', { schema: SCHEMA, ...table }, VENDED)
    expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 200 })
    return answer.body
  }
  const other = await make({ name: 'other' })
  const mine = await make({ name: 'mine' })
  // Its name means all folders to whoever takes it for a pattern.
  const pattern = await make({ name: 'pattern', location: `s3://${bucket}/user_tables/folders/*` })
  const gold = (await ask('GET', 'namespaces/market_data/tables/gold_crypto_trades', undefined, VENDED)).body

  const clientWith = ({ config }: Json) =>
    new S3Client({
      ...{ endpoint: config['s3.endpoint'], region: config['s3.region'], forcePathStyle: true, maxAttempts: 1 },
      credentials: {
        accessKeyId: config['s3.access-key-id'],
        secretAccessKey: config['s3.secret-access-key'],
        sessionToken: config['s3.session-token'],
      },
    })
  const get = (s3: S3Client, { 'metadata-location': location }: Json) =>
    refusalOf(s3.send(new GetObjectCommand({ Bucket: bucket, Key: keyOf(location) })))
  const put = (s3: S3Client, { metadata }: Json) =>
    refusalOf(s3.send(new PutObjectCommand({ Bucket: bucket, Key: `${keyOf(metadata.location)}/data/x`, Body: 'x' })))
  const list = (s3: S3Client, { metadata }: Json) =>
    refusalOf(s3.send(new ListObjectsV2Command({ Bucket: bucket, Prefix: `${keyOf(metadata.location)}/` })))

  const refusals = async (s3: S3Client, table: Json) => [
    await get(s3, table),
    await put(s3, table),
    await list(s3, table),
  ]
  const owner = clientWith(mine)
  expect(await refusals(owner, mine)).toEqual(['nothing', 'nothing', 'nothing'])
  // The emulator knows no characters that stand for themselves, as AWS does: the pattern’s own folder is closed there too.
  const trickster = clientWith(pattern)
  const reader = clientWith(gold)
  expect(await refusals(reader, gold)).toEqual(['nothing', 'AccessDenied', 'nothing'])
  for (const [s3, tables] of [
    [owner, [other, pattern, gold]],
    [trickster, [other, mine, gold]],
    [reader, [other, mine, pattern]],
  ] as const) {
    for (const table of tables)
      expect(await refusals(s3, table), table.metadata.location).toEqual([
        'AccessDenied',
        'AccessDenied',
        'AccessDenied',
      ])
    s3.destroy()
  }
  for (const name of ['other', 'mine', 'pattern'])
    expect(await ask('DELETE', `namespaces/folders/tables/${name}?purgeRequested=true`)).toMatchObject({ status: 204 })
}

async function pyicebergWithVended(deployed: Deployed): Promise<void> {
  const { key } = await addKey(deployed, 'write:delegated')
  expect(await client('pyiceberg', functionCatalog(deployed), key)).toEqual({
    ...(await goldOf(deployed)),
    written: [1, 1, 3, 3],
  })
}

async function servedWithRole(deployed: Deployed): Promise<void> {
  const { endpoint, account } = deployed.stack.aws
  const bucket = deployed.lake.output('Bucket')
  const role = await createRole(endpoint, account, 'catalog-clients')
  await putRolePolicy(endpoint, {
    ...{ role: 'catalog-clients', name: 'files' },
    statements: [{ Effect: 'Allow', Action: 's3:*', Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`] }],
  })
  const { key } = await addKey(deployed, 'write:delegated')
  const gold = await goldOf(deployed)
  await served(deployed, ['--files-role', role], async catalog => {
    expect(await asking(catalog)('GET', 'namespaces')).toMatchObject({ status: 401 })
    expect(await client('pyiceberg', catalog, key)).toEqual({ ...gold, written: [1, 1, 3, 3] })
    const tables = (await openTables(deployed.lake)).filter(({ loaded }) => loaded)
    expect(await client('chdb', catalog, key)).toEqual({
      tables: tables.map(({ definition }) => `market_data.${definition.name}`).sort(),
    })
  })
}

async function servedWithSigning(deployed: Deployed): Promise<void> {
  const { key } = await addKey(deployed, 'write:signed')
  const { endpoint } = deployed.stack.aws
  await served(deployed, [], async catalog => {
    const ask = asking(catalog, key)
    const delegation = { 'x-iceberg-access-delegation': 'vended-credentials,remote-signing' }
    await ask('POST', 'namespaces', { namespace: ['signed'] })
    const made = await ask('POST', 'namespaces/signed/tables', { name: 't', schema: SCHEMA }, delegation)
    const { config, metadata } = made.body
    expect(config).toMatchObject({ 's3.remote-signing-enabled': 'true', 's3.endpoint': endpoint })
    expect(JSON.stringify(made.body)).not.toMatch(/access-key/)
    /** As Iceberg's S3V4RestSignerClient does: it asks for the headers, and sends them. */
    const send = async (method: string, uri: string, body?: string) => {
      const request = { method, uri, region: config['s3.region'], headers: {} }
      const answer = await ask('POST', config['s3.signer.endpoint'].replace(/^v1\//, ''), request)
      if (answer.status !== 200) return { signed: answer.status }
      const { host: _, ...headers } = Object.fromEntries(
        Object.entries<string[]>(answer.body.headers).map(([name, values]) => [name, values.join(',')]),
      )
      const { status, ...rest } = await fetch(answer.body.uri, { method, headers, body })
      return { signed: 200, status, ...rest }
    }
    const folder = metadata.location.replace('s3://', `${endpoint}/`)
    const file = `${folder}/data/a%20b=c.parquet`
    expect(await send('PUT', file, 'some bytes')).toMatchObject({ signed: 200, status: 200 })
    expect(await send('GET', file)).toMatchObject({ signed: 200, status: 200 })
    expect(await fetch(file)).toMatchObject({ status: 403 })
    const gold = (await ask('GET', 'namespaces/market_data/tables/gold_crypto_trades')).body['metadata-location']
    expect(await send('GET', gold.replace('s3://', `${endpoint}/`))).toEqual({ signed: 403 })
    expect(await send('GET', `${folder}/../x`)).toEqual({ signed: 403 })
    expect(await send('DELETE', file)).toMatchObject({ signed: 200, status: 204 })
    expect(await ask('DELETE', 'namespaces/signed/tables/t?purgeRequested=true')).toMatchObject({ status: 204 })
  })
}

/** What is tested of it, by name. */
export const CATALOG_CASES: readonly (readonly [string, (deployed: Deployed) => Promise<void>])[] = [
  ['the catalog’s function asks for a key, and with one lists, loads, makes, changes and drops', functionAnswers],
  ['the credentials that it gives open one table’s folder, and no other', credentialsOpenOneFolder],
  ['PyIceberg without credentials reads the market’s tables and writes its own through it', pyicebergWithVended],
  ['serve --stack gives credentials by a role: PyIceberg reads and writes, chDB lists', servedWithRole],
  ['and signs their requests where it has none', servedWithSigning],
]
