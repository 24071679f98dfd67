/** What many news at once leave to others. */
import { expect, test } from 'vitest'
import { testEngine } from '../../functions/support.ts'
import { commit, followedLake, someTrades } from './live-lake.ts'

const engine = await testEngine()

test('news let others have a word after each 64 KB, however many there are at once', async () => {
  const { lake, api, client } = await followedLake(engine, [1, 1_000], 'channels=trades')
  const cursor = client.got.at(-1)?.cursor
  await client.cut()
  await commit(lake, someTrades(lake, 3_000, 1_000))

  let rounds = 0
  let isOver = false
  const count = () => {
    rounds++
    if (!isOver) setImmediate(count)
  }
  count()
  const reader = (await api.ask(`stream?channels=trades&format=ndjson&cursor=${cursor}`)).body?.getReader()
  const seen: number[] = []
  for (let bytes = 0; bytes < 5 * 65_536; seen.push(rounds)) bytes += (await reader?.read())?.value?.length ?? 0
  isOver = true
  await reader?.cancel()
  expect(seen.length).toBeGreaterThan(4)
  expect(new Set(seen).size).toBe(seen.length)
})
