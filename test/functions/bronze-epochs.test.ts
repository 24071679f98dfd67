/** Bronze and recreated topics: each record of every life once, whatever comes again and in whatever order. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { inGap } from '../../domain/checkpoint.ts'
import { statePartition } from '../../domain/names.ts'
import { loadTable } from '../../iceberg/catalog.ts'
import { stageSnapshot } from '../../iceberg/commit.ts'
import { checkpoint, inEpoch, put, run, stored, TOPIC, table, text, valueText } from './bronze-support.ts'
import { commitAll, filesOf, memoryLake } from './support.ts'

describe('a recreated topic', () => {
  const anew = (from: number, to: number) => run(0, from, to, 'anew')

  test('is known by offsets that Bronze has long let go of', async () => {
    const lake = memoryLake()
    await put(lake, run(0, 0, 5))
    await commitAll(lake)
    const loaded = await loadTable(lake.ports, table.name)
    const remove = new Set((await filesOf(lake, table)).map(file => file.key))
    const { write } = await stageSnapshot(lake.ports, { table: loaded, remove, operation: 'overwrite' })
    await lake.ports.state.transact([write], 'retention')
    expect(await put(lake, anew(0, 2))).toMatchObject({ ingested: 2, newEpochs: 1 })
  })

  test('is known by other bytes inside a gap that was joined over what Bronze holds', async () => {
    const lake = memoryLake()
    const even = run(0, 0, 500).filter(({ offset }) => offset % 2 === 0)
    await put(lake, even)
    const { gaps } = await checkpoint(lake)
    const held = even.find(({ offset }) => inGap(gaps, offset))!
    expect(await put(lake, [{ ...held, value: text('other') }])).toMatchObject({ ingested: 1, newEpochs: 1 })
  })

  test('is not begun again by batches of the old topic that come after its own first batch', async () => {
    const lake = memoryLake()
    const old = run(0, 0, 20)
    const fresh = anew(0, 8)
    await put(lake, old)
    for (const batch of [fresh.slice(0, 4), old.slice(5, 15), fresh.slice(0, 6), old, fresh, old])
      await put(lake, batch)
    expect(await stored(lake)).toEqual([...inEpoch(old), ...inEpoch(fresh, 1)].sort())
    expect(await checkpoint(lake)).toMatchObject({ epoch: 1, nextOffset: 8, gaps: [], earlierEnd: 20 })
  })

  test('whose records filled a gap of the old topic does not store them again in its own epoch', async () => {
    const lake = memoryLake()
    // The old topic's log starts above 0.
    await put(lake, run(0, 5, 13))
    const fresh = anew(0, 5)
    await put(lake, fresh)
    await put(lake, anew(5, 6))
    expect(await put(lake, fresh)).toMatchObject({ ingested: 0, repeats: 5, newEpochs: 0 })
    expect(await put(lake, anew(0, 6))).toMatchObject({ ingested: 0, repeats: 6, newEpochs: 0 })
    expect(await stored(lake)).toHaveLength(14)
  })

  test('knows the records of all its earlier lives, also by a checkpoint that an older version stored', async () => {
    const lake = memoryLake()
    const lives = ['a', 'b', 'c', 'd'].map(word => run(0, 0, 10, word))
    for (const life of lives) {
      await put(lake, life)
      await commitAll(lake)
    }
    expect((await checkpoint(lake)).epoch).toBe(3)
    // As an older version stored it, without the earlier epochs' end.
    const [item] = await lake.ports.state.query('state', statePartition.checkpoint(TOPIC))
    const { earlier_end: _, ...attributes } = item.attributes
    await lake.ports.state.transact([{ kind: 'put', item: { key: item.key, attributes } }], 'older')
    for (const life of lives) expect(await put(lake, life)).toMatchObject({ ingested: 0, repeats: 10, newEpochs: 0 })
    expect(await put(lake, run(0, 10, 12, 'd'))).toMatchObject({ ingested: 2, newEpochs: 0 })
  })

  test('in the middle of a batch makes nothing before it a repeat', async () => {
    const lake = memoryLake()
    await put(lake, run(0, 0, 5))
    expect(await put(lake, [...anew(3, 4), ...run(0, 1, 2)])).toMatchObject({ ingested: 1, repeats: 1, newEpochs: 1 })
    const other = memoryLake()
    const batch = [...run(0, 0, 3), ...anew(0, 1), ...anew(3, 4), ...run(0, 1, 2)]
    expect(await put(other, batch)).toMatchObject({ ingested: 5, repeats: 1, newEpochs: 1 })
  })

  test('is in Bronze once, record for record, in whatever order batches of all its lives come and come again', async () => {
    const lives = ['first', 'second', 'third'].map(word => run(0, 0, 12, word))
    const batch = fc.record({ life: fc.nat(2), from: fc.nat(11), length: fc.integer({ min: 1, max: 12 }) })
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(batch, { minLength: 1, maxLength: 3 }), { maxLength: 12 }), async batches => {
        const lake = memoryLake()
        const came = new Set<string>()
        for (const [i, parts] of batches.entries()) {
          const records = parts.flatMap(({ life, from, length }) => lives[life].slice(from, from + length))
          await put(lake, records)
          for (const { value } of records) came.add(valueText(value))
          if (i % 4 === 3) await commitAll(lake)
        }
        const values = (await stored(lake)).map(row => row.split(' ')[1])
        expect(values.sort()).toEqual([...came].sort())
      }),
      { numRuns: 60 },
    )
  })
})
