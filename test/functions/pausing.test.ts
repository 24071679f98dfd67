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

const KRAKENS = { name: 'gold_kraken' } as const
const BINANCES = { name: 'gold_binance' } as const

test('a run of Gold that comes while another works has nothing to do, and one of another exchange has', async () => {
  const { ports } = memoryLake()
  let end = () => {}
  const works = new Promise<void>(resolve => (end = resolve))
  let runs = 0
  const alone = oneGoldAtATime(ports, SILENT)(MINUTE)
  const work = async () => {
    runs++
    await works
    return 'done'
  }
  const first = alone(KRAKENS, work, 'nothing')
  // The first has its lease before the second asks.
  await new Promise(resolve => setImmediate(resolve))
  expect(await alone(KRAKENS, work, 'nothing')).toBe('nothing')
  expect(await alone(BINANCES, async () => 'done beside it', 'nothing')).toBe('done beside it')
  end()
  expect(await first).toBe('done')
  expect(await alone(KRAKENS, work, 'nothing')).toBe('done')
  expect(runs).toBe(2)
})

test('a run of Gold that failed keeps nobody out, one that was killed as long as it could have run', async () => {
  const { ports, clock } = memoryLake()
  const alone = oneGoldAtATime(ports, SILENT)(2 * MINUTE)
  const done = () => alone(KRAKENS, async () => 'done', 'nothing')
  await expect(alone(KRAKENS, () => Promise.reject(new Error('no')), 'nothing')).rejects.toThrow('no')
  expect(await done()).toBe('done')
  void alone(KRAKENS, () => new Promise<string>(() => {}), 'nothing')
  await new Promise(resolve => setImmediate(resolve))
  clock.advance(2 * MINUTE)
  expect(await done()).toBe('nothing')
  clock.advance(10_000)
  expect(await done()).toBe('done')
})

test('a run of Gold counts though its lease cannot be given back, and one that failed says why', async () => {
  const lake = memoryLake()
  lake.before = ({ writes }) => {
    if (writes.some(({ kind }) => kind === 'remove')) throw new Throttled('DynamoDB asks to back off.')
  }
  const warned: string[] = []
  const log = { ...SILENT, warn: (message: string) => void warned.push(message) }
  const alone = oneGoldAtATime(lake.ports, log)(2 * MINUTE)
  expect(await alone(KRAKENS, async () => 'done', 'nothing')).toBe('done')
  lake.clock.advance(3 * MINUTE)
  await expect(alone(KRAKENS, () => Promise.reject(new Error('no')), 'nothing')).rejects.toThrow('no')
  expect(warned).toEqual(Array(2).fill('the lease of Gold was not given back'))
})
