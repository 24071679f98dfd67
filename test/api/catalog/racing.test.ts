/**
 * Writers who race on one table while requests to the stores fail, before or after they took effect: as clients do, each reads the
 * table, adds a snapshot, begins again after a conflict, and asks again under the same key where the answer was lost.
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { Throttled } from '../../../domain/errors.ts'
import { type AskedApi, append, askedApi } from '../support.ts'

const WRITERS = 4
const COMMITS = 3
const TABLE = 'namespaces/research/tables/t'
/** One step in so many fails, and no more than this many in a run. */
const ONE_IN = 12
const MOST_FAULTS = 40

test('every snapshot is in the table’s history once, whatever failed', async () => {
  let faults = 0
  await fc.assert(
    fc.asyncProperty(fc.infiniteStream(fc.nat({ max: ONE_IN - 1 })), fc.boolean(), async (chances, keyed) => {
      const api = askedApi()
      const { location } = await api.made('research', 't')
      const lists = new Map<number, string>()
      for (let writer = 0; writer < WRITERS; writer++)
        for (let commit = 1; commit <= COMMITS; commit++) {
          const snapshot = writer * 100 + commit
          lists.set(snapshot, await api.manifestList(location, snapshot))
        }
      let left = MOST_FAULTS
      const fail = () => {
        if (left === 0 || chances.next().value !== 0) return
        left--
        faults++
        throw new Throttled('No answer came.')
      }
      Object.assign(api, { before: fail, after: fail })

      await Promise.all(
        Array.from({ length: WRITERS }, async (_, writer) => {
          for (let commit = 1; commit <= COMMITS; commit++) await commitOnce(api, lists, writer * 100 + commit, keyed)
        }),
      )

      left = 0
      const { metadata } = (await api.ask('GET', TABLE)).body
      const snapshots: Record<string, number>[] = metadata.snapshots
      expect(snapshots.map(each => each['snapshot-id']).sort((a, b) => a - b)).toEqual([...lists.keys()])
      // Each has the one before it as its parent, up to the current one.
      expect(snapshots.map(each => each['parent-snapshot-id'])).toEqual(
        [undefined, ...snapshots.map(each => each['snapshot-id'])].slice(0, -1),
      )
      expect(snapshots.at(-1)?.['snapshot-id']).toBe(metadata['current-snapshot-id'])
      expect(snapshots.map(each => each['sequence-number'])).toEqual(snapshots.map((_, at) => at + 1))
    }),
    { numRuns: 30 },
  )
  expect(faults).toBeGreaterThan(250)
})

/** Adds a snapshot to the table, however often it takes. */
async function commitOnce(
  api: AskedApi,
  lists: ReadonlyMap<number, string>,
  snapshot: number,
  keyed: boolean,
): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const found = await api.ask('GET', TABLE)
    if (found.status !== 200) continue
    const { metadata } = found.body
    const ids: number[] = metadata.snapshots.map((each: Record<string, number>) => each['snapshot-id'])
    if (ids.includes(snapshot)) return
    const parent = metadata['current-snapshot-id']
    const body = append(String(snapshot), lists.get(snapshot) ?? '', {
      sequence: metadata['last-sequence-number'] + 1,
      ...(parent !== -1 && { parent: String(parent) }),
    })
    const headers: Record<string, string> = keyed ? { 'idempotency-key': `request-${snapshot}-${tries}` } : {}
    const answer = await askUntilKnown(api, body, headers)
    if (answer.status === 200) return
    // A conflict is never said of what was committed.
    if (answer.status === 409) expect(await has(api, snapshot)).toBe(false)
  }
  throw new Error(`Snapshot ${snapshot} was never committed.`)
}

/** With a key a client asks again until it knows; without one it has to look for itself. */
async function askUntilKnown(api: AskedApi, body: string, headers: Record<string, string>) {
  for (;;) {
    const answer = await api.ask('POST', TABLE, body, headers)
    expect([200, 409, 500, 503]).toContain(answer.status)
    if (answer.status < 500 || headers['idempotency-key'] === undefined) return answer
  }
}

async function has(api: AskedApi, snapshot: number): Promise<boolean> {
  for (;;) {
    const { status, body } = await api.ask('GET', TABLE)
    if (status === 200)
      return body.metadata.snapshots.some((each: Record<string, number>) => each['snapshot-id'] === snapshot)
  }
}
