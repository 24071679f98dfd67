/** A reader's way to a table's current snapshot, where snapshots between have expired or the table went another way. */
import { describe, expect, test } from 'vitest'
import { stepsAfter, stepTo } from '../../../api/live/steps.ts'
import type { LoadedTable } from '../../../iceberg/catalog.ts'
import type { Operation, Snapshot } from '../../../iceberg/table-metadata.ts'

const snapshot = (id: number, parent?: number, operation: Operation = 'append', sequence = id): Snapshot => ({
  ...{ 'snapshot-id': id, 'sequence-number': sequence, 'timestamp-ms': id * 1000, 'manifest-list': `list-${id}` },
  ...(parent !== undefined && { 'parent-snapshot-id': parent }),
  summary: { operation },
})
const tableOf = (snapshots: readonly Snapshot[], current = snapshots.at(-1)?.['snapshot-id']): LoadedTable =>
  ({ name: 't', metadata: { snapshots, 'current-snapshot-id': current ?? -1 } }) as unknown as LoadedTable
const ways = (steps: ReturnType<typeof stepsAfter>) =>
  steps.map(({ from, to, operation }) => [from?.['snapshot-id'], to['snapshot-id'], operation])
const nothing = () => undefined
const CHAIN = [snapshot(1), snapshot(2, 1), snapshot(3, 2, 'replace'), snapshot(4, 3, 'overwrite')]

describe('the steps to the current snapshot', () => {
  test('are one for each commit', () => {
    expect(ways(stepsAfter(tableOf(CHAIN), 2, nothing))).toEqual([
      [2, 3, 'replace'],
      [3, 4, 'overwrite'],
    ])
    expect(ways(stepsAfter(tableOf(CHAIN), 0, nothing))).toEqual([
      [undefined, 1, 'append'],
      [1, 2, 'append'],
      [2, 3, 'replace'],
      [3, 4, 'overwrite'],
    ])
    expect(stepsAfter(tableOf(CHAIN), 4, nothing)).toEqual([])
    expect(stepsAfter(undefined, 0, nothing)).toEqual([])
  })

  test('compare the two around those that have expired', () => {
    const thinned = tableOf([CHAIN[0], CHAIN[2], CHAIN[3]])
    expect(ways(stepsAfter(thinned, 1, nothing))).toEqual([
      [1, 3, undefined],
      [3, 4, 'overwrite'],
    ])
    expect(ways(stepsAfter(tableOf([CHAIN[2], CHAIN[3]]), 0, nothing))[0]).toEqual([undefined, 3, undefined])
  })

  test('lead over to another way that the table went, as long as the old end is remembered', () => {
    const forked = tableOf([CHAIN[0], snapshot(9, 1, 'append', 5)])
    expect(ways(stepsAfter(forked, 4, (_, id) => (id === 4 ? CHAIN[3] : undefined)))).toEqual([[4, 9, undefined]])
    const back = tableOf([CHAIN[0], CHAIN[1]])
    expect(ways(stepsAfter(back, 4, (_, id) => (id === 4 ? CHAIN[3] : undefined)))).toEqual([[4, 2, undefined]])
  })

  test('are refused where the snapshot has expired', () => {
    const table = tableOf([CHAIN[2], CHAIN[3]])
    expect(() => stepsAfter(table, 2, nothing)).toThrow('Snapshot 2 of t has expired')
    expect(() => stepTo(table, 3, 2, nothing)).toThrow('Snapshot 2 of t has expired')
    expect(() => stepTo(undefined, 0, 2, nothing)).toThrow('has expired')
  })
})
