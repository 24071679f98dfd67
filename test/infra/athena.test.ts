import { describe, expect, test } from 'vitest'
import { QUERIES } from '../../infra/athena.ts'
import { createView, openTables } from '../../tables/views.ts'
import { drainLake, newLake, publishMarket } from '../embedded/support.ts'
import { KAFKA_MODES, templateOf } from './support.ts'

describe('the named queries', () => {
  test('ask for columns that the tables have, and find what is in them', async () => {
    const lake = await newLake()
    try {
      await publishMarket(lake, { market: 0, from: 0, to: 20 })
      await drainLake(lake)
      const session = await lake.ports.engine.session()
      const rows: Record<string, number> = {}
      try {
        for (const table of await openTables(lake)) await session.run(await createView(lake, table))
        for (const [name, { sql }] of Object.entries(QUERIES)) rows[name] = (await session.run(sql)).length
      } finally {
        session.close()
      }
      expect(rows).toEqual({
        'latest-candles': expect.any(Number),
        'trades-by-day': expect.any(Number),
        'dead-letters': expect.any(Number),
        gaps: 0,
        losses: 0,
      })
      for (const name of ['latest-candles', 'trades-by-day', 'dead-letters'])
        expect(rows[name], name).toBeGreaterThan(0)
    } finally {
      lake.remove()
    }
  })

  test('are in a workgroup that limits what a query reads, of the database that the tables are mirrored to', () => {
    const template = templateOf({ ...KAFKA_MODES['self-managed'], stage: 'prod' })
    template.hasResourceProperties('AWS::Athena::WorkGroup', {
      Name: 'tradelake-prod',
      RecursiveDeleteOption: true,
      WorkGroupConfiguration: {
        EnforceWorkGroupConfiguration: true,
        BytesScannedCutoffPerQuery: 107_374_182_400,
        ManagedQueryResultsConfiguration: { Enabled: true },
      },
    })
    const queries = Object.values(template.findResources('AWS::Athena::NamedQuery')).map(({ Properties }) => Properties)
    expect(queries.map(({ Name }) => Name).sort()).toEqual(Object.keys(QUERIES).sort())
    for (const { Database, WorkGroup } of queries) {
      expect(Database).toBe('market_data')
      expect(Object.keys(template.findResources('AWS::Athena::WorkGroup'))).toEqual([WorkGroup.Ref])
    }
  })
})
