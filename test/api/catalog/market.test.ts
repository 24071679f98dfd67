/** The pipeline's own tables, as the catalog shows them. */
import { describe, expect, test } from 'vitest'
import { GOLD_TABLE } from '../../../domain/tables.ts'
import { createTable, loadTable } from '../../../iceberg/catalog.ts'
import { stageSnapshot } from '../../../iceberg/commit.ts'
import { askedApi, SCHEMA } from '../support.ts'

describe('the pipeline’s tables', () => {
  test('are read like any, and written by nobody else', async () => {
    const { ask, ports } = askedApi()
    await createTable(ports, GOLD_TABLE)
    expect((await ask('GET', 'namespaces/market_data/tables')).body.identifiers).toEqual([
      { namespace: ['market_data'], name: 'gold_crypto_trades' },
    ])
    const loaded = await ask('GET', 'namespaces/market_data/tables/gold_crypto_trades')
    expect(loaded.body.metadata).toEqual((await loadTable(ports, GOLD_TABLE.name)).metadata)
    const path = 'namespaces/market_data/tables/gold_crypto_trades'
    const writes: [string, string, unknown][] = [
      ['POST', path, { requirements: [], updates: [{ action: 'set-properties', updates: {} }] }],
      ['POST', path, { requirements: [], updates: [] }],
      ['DELETE', path, undefined],
      ['DELETE', 'namespaces/market_data', undefined],
      ['POST', 'namespaces', { namespace: ['market_data', 'mine'] }],
      ['POST', 'namespaces/market_data/tables', { name: 't', schema: SCHEMA }],
      ['POST', 'namespaces/market_data/register', { name: 't', 'metadata-location': 'memory://lake/user_tables/x' }],
      [
        'POST',
        'tables/rename',
        {
          source: { namespace: ['market_data'], name: 'gold_crypto_trades' },
          destination: { namespace: ['a'], name: 'b' },
        },
      ],
    ]
    for (const [method, where, body] of writes)
      expect((await ask(method, where, body)).body.error, `${method} ${where}`).toMatchObject({
        type: 'ForbiddenException',
        code: 403,
      })
  })

  test('can be tagged, and a tagged snapshot stays when others expire', async () => {
    const { ask, ports, clock } = askedApi()
    let table = await createTable(ports, GOLD_TABLE)
    const grow = async () => {
      const staged = await stageSnapshot(ports, { table, operation: 'append' })
      await ports.state.transact([staged.write], ports.ids.uuid())
      table = await loadTable(ports, GOLD_TABLE.name)
      return staged.snapshotId
    }
    const tagged = await grow()
    const tag = { action: 'set-snapshot-ref', 'ref-name': 'backtest', type: 'tag', 'snapshot-id': tagged }
    const path = 'namespaces/market_data/tables/gold_crypto_trades'
    expect((await ask('POST', path, { requirements: [], updates: [tag] })).status).toBe(200)
    table = await loadTable(ports, GOLD_TABLE.name)
    for (let day = 0; day < 20; day++) {
      clock.advance(86_400_000)
      await grow()
    }
    const { metadata } = (await ask('GET', path)).body
    expect(metadata.refs.backtest).toEqual({ type: 'tag', 'snapshot-id': tagged })
    expect(metadata.snapshots[0]['snapshot-id']).toBe(tagged)
    expect(metadata.snapshots.length).toBeLessThan(12)
    const untag = { requirements: [], updates: [{ action: 'remove-snapshot-ref', 'ref-name': 'backtest' }] }
    expect((await ask('POST', path, untag)).status).toBe(200)
    const main = { requirements: [], updates: [{ action: 'remove-snapshot-ref', 'ref-name': 'main' }] }
    expect((await ask('POST', path, main)).status).toBe(403)
  })

  test('are not registered under another name, from which their files could be purged', async () => {
    const { ask, ports } = askedApi()
    const { metadataLocation } = await createTable(ports, GOLD_TABLE)
    await ask('POST', 'namespaces', { namespace: ['research'] })
    const register = { name: 'mine', 'metadata-location': metadataLocation }
    expect((await ask('POST', 'namespaces/research/register', register)).status).toBe(400)
  })
})
