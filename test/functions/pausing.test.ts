/** Deployed functions make room for a repair, and Gold for itself. */
import { expect, test } from 'vitest'
import { Paused, Throttled } from '../../domain/errors.ts'
import { takeLease } from '../../domain/lease.ts'
import { oneGoldAtATime, whileUnpaused } from '../../functions/pausing.ts'
import { SILENT } from '../silent-log.ts'
import { memoryLake } from './support.ts'

const MINUTE = 60_000
const context = { awsRequestId: 'request', getRemainingTimeInMillis: () => 2 * MINUTE }

test('a function does nothing while somebody has the lake, and goes on afterwards', async () => {
  const { ports, clock } = memoryLake()
  const events: string[] = []
  const handler = whileUnpaused(ports, async (event: string) => void events.push(event))
  await handler('one', context)
  await takeLease(ports, 'lake', 'a repair', MINUTE)
  await expect(handler('two', context)).rejects.toThrow(Paused)
  clock.advance(2 * MINUTE)
  await handler('three', context)
  expect(events).toEqual(['one', 'three'])
})

test('a run of Gold that comes while another works has nothing to do', async () => {
  const { ports } = memoryLake()
  let end = () => {}
  const works = new Promise<void>(resolve => (end = resolve))
  let runs = 0
  const handler = oneGoldAtATime(ports, SILENT, 'nothing', async () => {
    runs++
    await works
    return 'done'
  })
  const first = handler({}, context)
  // The first has its lease before the second asks.
  await new Promise(resolve => setImmediate(resolve))
  expect(await handler({}, context)).toBe('nothing')
  end()
  expect(await first).toBe('done')
  expect(await handler({}, context)).toBe('done')
  expect(runs).toBe(2)
})

test('a run of Gold that failed keeps nobody out, one that was killed as long as it could have run', async () => {
  const { ports, clock } = memoryLake()
  let fails = true
  const handler = oneGoldAtATime(ports, SILENT, 'nothing', async () => {
    if (fails) throw new Error('no')
    return 'done'
  })
  await expect(handler({}, context)).rejects.toThrow('no')
  fails = false
  expect(await handler({}, context)).toBe('done')
  const killed = oneGoldAtATime(ports, SILENT, 'nothing', () => new Promise<string>(() => {}))
  void killed({}, context)
  await new Promise(resolve => setImmediate(resolve))
  clock.advance(2 * MINUTE)
  expect(await handler({}, context)).toBe('nothing')
  clock.advance(10_000)
  expect(await handler({}, context)).toBe('done')
})

test('a run of Gold counts though its lease cannot be given back, and one that failed says why', async () => {
  const lake = memoryLake()
  lake.before = ({ writes }) => {
    if (writes.some(({ kind }) => kind === 'remove')) throw new Throttled('DynamoDB asks to back off.')
  }
  const warned: string[] = []
  const log = { ...SILENT, warn: (message: string) => void warned.push(message) }
  expect(await oneGoldAtATime(lake.ports, log, 'nothing', async () => 'done')({}, context)).toBe('done')
  lake.clock.advance(3 * MINUTE)
  const failing = oneGoldAtATime(lake.ports, log, 'nothing', () => Promise.reject(new Error('no')))
  await expect(failing({}, context)).rejects.toThrow('no')
  expect(warned).toEqual(Array(2).fill('the lease of Gold was not given back'))
})
