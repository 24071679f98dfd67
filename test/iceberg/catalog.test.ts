import { gunzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { BadInput, Conflict, Corrupt, NotFound } from '../../domain/errors.ts'
import type { StateStore } from '../../domain/ports.ts'
import { GOLD_TABLE } from '../../domain/tables.ts'
import { createTable, findTable, loadTable, pointerKey } from '../../iceberg/catalog.ts'
import { commit, dataFile, START, testLake } from './support.ts'

const file = () => dataFile({ partition: { exchange_date: 1, exchange_hour: 2 } })

describe('the catalog', () => {
  test('items stand in the layout of Iceberg’s DynamoDbCatalog', async () => {
    const lake = testLake()
    const table = await createTable(lake.ports, GOLD_TABLE)
    expect(pointerKey('gold_crypto_trades')).toEqual({
      table: 'catalog',
      partition: 'market_data.gold_crypto_trades',
      sort: 'market_data',
    })
    expect(await lake.ports.state.get(pointerKey(GOLD_TABLE.name))).toEqual({
      v: table.version,
      created_at: START,
      updated_at: START,
      'p.table_type': 'ICEBERG',
      'p.metadata_location': table.metadataLocation,
    })
    expect(await lake.ports.state.get({ table: 'catalog', partition: 'NAMESPACE', sort: 'market_data' })).toMatchObject(
      { created_at: START },
    )
    expect(table.metadataLocation).toMatch(
      /^memory:\/\/lake\/market_data\/gold_crypto_trades\/metadata\/00000-[0-9a-f-]{36}\.gz\.metadata\.json$/,
    )
  })

  test('a commit moves the pointer, keeps where it stood and what others put there', async () => {
    const lake = testLake()
    await createTable(lake.ports, GOLD_TABLE)
    const key = pointerKey(GOLD_TABLE.name)
    const attributes = { ...(await lake.ports.state.get(key)), 'p.owner': 'someone' }
    await lake.ports.state.transact([{ kind: 'put', item: { key, attributes } }], 'token')
    const table = await loadTable(lake.ports, GOLD_TABLE.name)
    lake.clock.advance(1000)
    const staged = await commit(lake, { table, add: [file()], operation: 'append' })
    const item = await lake.ports.state.get(key)
    expect(item).toEqual({
      ...attributes,
      v: item?.v,
      updated_at: START + 1000,
      'p.metadata_location': staged.metadataLocation,
      'p.previous_metadata_location': table.metadataLocation,
    })
    expect(item?.v).not.toBe(table.version)
    expect(staged.metadataLocation).toMatch(/\/00001-[^/]*\.gz\.metadata\.json$/)
    expect(await loadTable(lake.ports, GOLD_TABLE.name)).toEqual(staged.table)
    expect((await loadTable(lake.cold(), GOLD_TABLE.name)).metadata).toEqual(staged.table.metadata)
  })

  test('making a table twice, also at once, gives one table', async () => {
    const lake = testLake()
    const made = await Promise.all([1, 2, 3].map(() => createTable(lake.ports, GOLD_TABLE)))
    const later = await createTable(lake.cold(), GOLD_TABLE)
    expect(new Set([...made, later].map(table => table.metadata['table-uuid'])).size).toBe(1)
  })

  test('a Conflict of a transaction that then fails does not keep a table from being made', async () => {
    const lake = testLake()
    let conflicts = 0
    const state: StateStore = {
      ...lake.ports.state,
      async transact(writes, token) {
        if (conflicts++ < 3) throw new Conflict('another transaction is in progress', -1)
        await lake.ports.state.transact(writes, token)
      },
    }
    await expect(createTable({ ...lake.ports, state }, GOLD_TABLE)).resolves.toMatchObject({ name: GOLD_TABLE.name })
  })

  test('a table that is not there is NotFound', async () => {
    const lake = testLake()
    expect(await findTable(lake.ports, 'nothing')).toBeUndefined()
    await expect(loadTable(lake.ports, 'nothing')).rejects.toThrow(NotFound)
  })

  test('data that was moved is refused in one line that names both places', async () => {
    const lake = testLake()
    await createTable(lake.ports, GOLD_TABLE)
    const store = { ...lake.ports.store, root: 'memory://elsewhere' }
    const load = loadTable({ ...lake.ports, store }, GOLD_TABLE.name)
    await expect(load).rejects.toThrow(BadInput)
    await expect(load).rejects.toThrow(
      'Table gold_crypto_trades was created at memory://lake, now the data is looked for at memory://elsewhere',
    )
  })

  test('metadata is read without gzip too, and damaged metadata is Corrupt and named', async () => {
    const lake = testLake()
    const table = await createTable(lake.ports, GOLD_TABLE)
    const prefix = 'memory://lake/'
    const bytes = gunzipSync(await lake.ports.store.get(table.metadataLocation.slice(prefix.length)))
    const point = (name: string) =>
      lake.ports.state.transact(
        [
          {
            kind: 'put',
            item: {
              key: pointerKey(GOLD_TABLE.name),
              attributes: { ...table.attributes, 'p.metadata_location': `${prefix}${name}` },
            },
          },
        ],
        lake.ports.ids.uuid(),
      )
    await lake.ports.store.put('market_data/plain.metadata.json', bytes)
    await point('market_data/plain.metadata.json')
    expect((await loadTable(lake.ports, GOLD_TABLE.name)).metadata).toEqual(table.metadata)

    await lake.ports.store.put('market_data/half.metadata.json', bytes.subarray(0, 100))
    await point('market_data/half.metadata.json')
    await expect(loadTable(lake.ports, GOLD_TABLE.name)).rejects.toThrow('market_data/half.metadata.json')

    const text = bytes.toString('utf8').replace('"snapshots":[]', '"snapshots":[{"snapshot-id":9223372036854775807}]')
    await lake.ports.store.put('market_data/large.metadata.json', Buffer.from(text))
    await point('market_data/large.metadata.json')
    await expect(loadTable(lake.ports, GOLD_TABLE.name)).rejects.toThrow('2^53')

    await point('market_data/gone.metadata.json')
    await expect(loadTable(lake.ports, GOLD_TABLE.name)).rejects.toThrow(Corrupt)
  })
})
