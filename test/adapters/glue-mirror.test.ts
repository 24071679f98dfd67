/** The mirror, against a Glue that answers as its API reference says (GetTable, CreateTable, UpdateTable). */
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { awsClients } from '../../adapters/aws-clients.ts'
import { glueColumns, glueMirror } from '../../adapters/glue-mirror.ts'
import { GOLD_TABLE } from '../../domain/tables.ts'
import { createTable } from '../../iceberg/catalog.ts'
import { evolveMetadata } from '../../iceberg/evolve.ts'
import { currentSchema } from '../../iceberg/manifest-store.ts'
import { newMetadata } from '../../iceberg/metadata.ts'
import { commit, dataFile, type TestLake, testLake } from '../iceberg/support.ts'

const metadata = newMetadata({ table: GOLD_TABLE, location: 'x', uuid: 'u', nowMs: 0 })
const typesOf = (columns: ReturnType<typeof glueColumns>) => columns.map(({ Name, Type }) => `${Name} ${Type}`)

test('Glue shows the columns that the metadata has, in Hive\u2019s words, with their docs', () => {
  const columns = glueColumns(currentSchema(metadata))
  expect(typesOf(columns)).toEqual([
    'message_id string',
    'trade_id string',
    'symbol string',
    'exchange string',
    'asset_class string',
    'timestamp timestamp',
    'price decimal(20,10)',
    'quantity decimal(22,8)',
    'currency string',
    'side string',
    'trade_conditions array<string>',
    'source_sequence bigint',
    'ingestion_timestamp timestamp',
    'platform_sequence bigint',
    'vendor_data map<string,string>',
    'exchange_date date',
    'exchange_hour int',
  ])
  expect(columns[11]).toEqual({
    Name: 'source_sequence',
    Type: 'bigint',
    Comment: 'The exchange\u2019s own sequence number, where it sends one.'.replace('\u2019', "'"),
    Parameters: { 'iceberg.field.id': '12', 'iceberg.field.optional': 'true', 'iceberg.field.current': 'true' },
  })
})

test('Glue follows a table that evolved', () => {
  const wider = GOLD_TABLE.columns.map(column =>
    column.name === 'price' ? { ...column, type: 'decimal(22,10)' as const } : column,
  )
  const maker = { id: 999, name: 'maker', type: 'double', required: false, doc: 'Who made it.' } as const
  const evolved = evolveMetadata(metadata, { ...GOLD_TABLE, columns: [...wider, maker] })
  const types = typesOf(glueColumns(currentSchema(evolved)))
  expect(types.slice(6, 7)).toEqual(['price decimal(22,10)'])
  expect(types.slice(-1)).toEqual(['maker double'])
})

describe('the mirror', () => {
  interface Mirrored {
    readonly version: number
    readonly Parameters: Readonly<Record<string, string>>
  }
  interface Request {
    readonly TableInput?: { readonly Parameters: Readonly<Record<string, string>> }
    readonly VersionId?: string
  }

  let lake: TestLake
  let server: Server
  /** Glue's table; undefined: it has none. */
  let table: Mirrored | undefined
  let calls: string[]
  /** Comes in between, before Glue answers a call of this name. */
  let before: Record<string, () => void>

  beforeEach(async () => {
    lake = testLake()
    table = undefined
    calls = []
    before = {}
    server = createServer(async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      const operation = String(request.headers['x-amz-target']).replace('AWSGlue.', '')
      calls.push(operation)
      before[operation]?.()
      const answer = glue(operation, JSON.parse(body) as Request)
      const status = '__type' in answer ? 400 : 200
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answer))
    })
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
    const environment = {
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
      AWS_SECRET_ACCESS_KEY: 'secret',
      AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    }
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value)
  })
  afterEach(async () => {
    vi.unstubAllEnvs()
    server.closeAllConnections()
    await new Promise(resolve => server.close(resolve))
  })

  function glue(operation: string, { TableInput, VersionId }: Request): object {
    if (operation === 'GetTable')
      return table
        ? { Table: { Name: GOLD_TABLE.name, VersionId: `${table.version}`, Parameters: table.Parameters } }
        : { __type: 'EntityNotFoundException', Message: 'Entity Not Found' }
    if (operation === 'CreateTable' && table) return { __type: 'AlreadyExistsException', Message: 'Table exists' }
    if (operation === 'UpdateTable' && VersionId !== `${table?.version}`)
      return {
        __type: 'ConcurrentModificationException',
        Message: 'Update table failed due to concurrent modification',
      }
    table = { version: (table?.version ?? 0) + 1, Parameters: TableInput?.Parameters ?? {} }
    return {}
  }

  const follow = () => glueMirror({ client: awsClients(1).glue, ports: lake.ports }).follow([GOLD_TABLE])
  const place = (location: string, version = 7) => {
    table = { version, Parameters: { table_type: 'ICEBERG', metadata_location: location } }
  }
  const file = () => dataFile({ partition: { exchange_date: 20_000, exchange_hour: 3 } })
  const AHEAD = 's3://lake/market_data/gold_crypto_trades/metadata/00099-f00d.gz.metadata.json'

  test('is made where Glue has none, and follows each commit', async () => {
    await follow()
    expect(calls).toEqual([])
    const first = await createTable(lake.ports, GOLD_TABLE)
    await follow()
    expect(table?.Parameters).toEqual({ table_type: 'ICEBERG', metadata_location: first.metadataLocation })
    const second = await commit(lake, { table: first, add: [file()], operation: 'append' })
    await follow()
    expect(table?.Parameters).toEqual({
      table_type: 'ICEBERG',
      metadata_location: second.metadataLocation,
      previous_metadata_location: first.metadataLocation,
    })
    await follow()
    expect(calls).toEqual(['GetTable', 'CreateTable', 'GetTable', 'UpdateTable', 'GetTable'])
  })

  test('never goes back: where a later commit is mirrored already, it stays', async () => {
    await createTable(lake.ports, GOLD_TABLE)
    place(AHEAD)
    await follow()
    expect(table?.Parameters.metadata_location).toBe(AHEAD)
    expect(calls).toEqual(['GetTable'])
  })

  test('knows an older file by the number in its name, whatever numbers its bucket’s name has', async () => {
    const { metadataLocation } = await createTable(lake.ports, GOLD_TABLE)
    const { metadataLocation: newer } = await commit(lake, {
      ...{ table: await createTable(lake.ports, GOLD_TABLE), add: [file()], operation: 'append' },
    })
    place(
      `s3://tradelake-123456789012-eu-central-1/${metadataLocation.slice(metadataLocation.indexOf('market_data/'))}`,
    )
    await follow()
    expect(table?.Parameters.metadata_location).toBe(newer)
  })

  test('does not go back where another mirror overtakes it between its reading and its writing', async () => {
    const { metadataLocation } = await createTable(lake.ports, GOLD_TABLE)
    place(metadataLocation.replace(/[0-9]{5}-/, '00000-').replace('metadata.json', 'older.metadata.json'), 1)
    await commit(lake, { table: await createTable(lake.ports, GOLD_TABLE), add: [file()], operation: 'append' })
    before.UpdateTable = () => {
      place(AHEAD, 2)
    }
    await follow()
    expect(table?.Parameters.metadata_location).toBe(AHEAD)
    expect(calls).toEqual(['GetTable', 'UpdateTable', 'GetTable'])
  })

  test('where another mirror makes the table at the same moment, looks again', async () => {
    const { metadataLocation } = await createTable(lake.ports, GOLD_TABLE)
    before.CreateTable = () => place(metadataLocation)
    await follow()
    expect(calls).toEqual(['GetTable', 'CreateTable', 'GetTable'])
  })
})
