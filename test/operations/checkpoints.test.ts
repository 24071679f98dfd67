/** A checkpoint is mended to what Bronze holds: a gap for each record that is missing, be it a single one or the first. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { listCheckpoints } from '../../domain/checkpoint.ts'
import { FEED_GAPS_TOPIC } from '../../domain/names.ts'
import { FEED_GAPS } from '../../domain/streams.ts'
import { mendCheckpoints } from '../../operations/repair/bronze.ts'
import { inSession } from '../../operations/repair/live.ts'
import { drainLake, newLake, rewriteFile, type TestLake } from '../embedded/support.ts'

let lake: TestLake
beforeEach(async () => {
  lake = await newLake()
})
afterEach(() => lake.remove())

const mend = () => inSession(lake.ports, session => mendCheckpoints(lake.ports, session, FEED_GAPS, []))

test('the first record, one in the middle and the last, each missing alone, are gaps, and nothing else is', async () => {
  const record = { partition: 0, key: null, value: Buffer.from('{}'), timestamp: 0 }
  await lake.topics.append(FEED_GAPS_TOPIC, Array(6).fill(record))
  await drainLake(lake)
  expect(await mend()).toEqual([])
  await rewriteFile(lake, 'feed_gaps', { select: rows => `SELECT * FROM ${rows} WHERE "offset" NOT IN (0, 3, 5)` })

  expect(await mend()).toEqual([
    `the checkpoint of ${FEED_GAPS_TOPIC}-0 is at 6 with 3 offsets missing, it was at 6 with 0`,
  ])
  expect(await listCheckpoints(lake.ports.state, FEED_GAPS_TOPIC)).toMatchObject([
    {
      nextOffset: 6,
      gaps: [
        [0, 0],
        [3, 3],
        [5, 5],
      ],
    },
  ])
})
