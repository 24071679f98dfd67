import { expect, test } from 'vitest'
import { sqliteTopicLog } from '../../adapters/sqlite-topic-log.ts'
import { systemScratch } from '../../adapters/system.ts'
import { topicLogContract } from '../contract/topic-log.contract.ts'
import { memoryTopicLog } from '../memory/topic-log.ts'

const scratch = systemScratch()

topicLogContract('memoryTopicLog', memoryTopicLog)
topicLogContract('sqliteTopicLog', () => sqliteTopicLog(scratch.path('log.sqlite')))

test('records, ends and sequences are there after opening again', async () => {
  const path = scratch.path('log.sqlite')
  const log = sqliteTopicLog(path)
  await log.createTopic('t', 2)
  const value = new Uint8Array([1, 2, 3])
  await log.append('t', [{ partition: 1, key: null, value, timestamp: 5 }], { id: 'feed', sequence: 3 })
  const polled = await log.poll('t', 10)
  const reader = sqliteTopicLog(path, { readOnly: true })
  expect(await reader.ends('t')).toEqual(await log.ends('t'))
  reader.close()
  log.close()
  const again = sqliteTopicLog(path)
  expect(await again.lastSequence('feed')).toBe(3)
  expect(await again.poll('t', 10)).toEqual(polled)
  if (polled) await again.acknowledge(polled)
  expect(await again.ends('t')).toEqual([
    { partition: 0, end: 0, waiting: 0 },
    { partition: 1, end: 1, waiting: 0 },
  ])
  again.close()
})
