import { expect, test } from 'vitest'
import { GOLD_TABLE } from '../../domain/tables.ts'
import { loadTable } from '../../iceberg/catalog.ts'
import { planFiles } from '../../iceberg/scan.ts'
import { openRecentGoldFile } from '../../tables/gold.ts'
import { feed } from '../functions/gold-support.ts'
import { type MemoryLake, memoryLake, START_MICROS, testEngine, tradeOf, unifyAll } from '../functions/support.ts'

const engine = await testEngine()

async function goldFile(lake: MemoryLake) {
  await feed(lake, [tradeOf(1, { timestamp: START_MICROS - 1_000n })])
  await unifyAll(lake)
  const [file] = await planFiles(lake.ports, await loadTable(lake.ports, GOLD_TABLE.name))
  return file
}

test.each([
  ['a flipped byte', (bytes: Uint8Array) => bytes.map((byte, at) => (at === 40 ? byte ^ 1 : byte))],
  ['its end missing', (bytes: Uint8Array) => bytes.subarray(0, bytes.length - 9)],
])('a file with %s is not kept: once it is put right it is read as it is', async (_, damage) => {
  const lake = memoryLake({ engine })
  const file = await goldFile(lake)
  const { get } = lake.ports.store
  const whole = await get(file.key)
  const read = async () => {
    const source = await openRecentGoldFile(lake.ports, file)
    return source.read(0, source.bytes)
  }
  Object.assign(lake.ports.store, { get: async (key: string) => damage(Uint8Array.from(await get(key))) })
  expect(await read()).toEqual(damage(whole))
  Object.assign(lake.ports.store, { get })
  expect(await read()).toEqual(whole)
})
