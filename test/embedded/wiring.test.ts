/** A function that is not wired is an error, and never work that waits in silence. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { topicName } from '../../domain/names.ts'
import { encodeTrade } from '../../domain/wire.ts'
import { drain } from '../../embedded/drain.ts'
import { type Functions, wireFunctions } from '../../embedded/functions.ts'
import { createRuntime } from '../../embedded/runtime.ts'
import { createTotals } from '../../embedded/totals.ts'
import { tradeOf } from '../functions/support.ts'
import { SILENT } from '../silent-log.ts'
import { newLake, type TestLake } from './support.ts'

let lake: TestLake
beforeEach(async () => {
  lake = await newLake()
  await lake.topics.append(topicName('kraken'), [
    { partition: 0, key: null, value: encodeTrade(tradeOf(1, { exchange: 'KRAKEN' })), timestamp: Date.now() },
  ])
})
afterEach(() => lake.remove())

/** As somebody would leave one out. */
function without(functions: Functions, what: 'bronze' | 'silver' | 'queues'): Functions {
  ;(functions[what] as Map<string, unknown>).delete('kraken')
  return functions
}

describe('where Kraken is not wired', () => {
  test.each([
    ['bronze', 'Bronze function'],
    ['silver', 'Silver function'],
  ] as const)('a drain fails by name for want of its %s function', async (what, called) => {
    const functions = without(wireFunctions(lake, SILENT), what)
    await expect(drain(lake, functions, createTotals(lake.exchanges))).rejects.toThrow(
      `There is no ${called} for kraken`,
    )
  })

  test.each([
    ['bronze', 'Bronze function'],
    ['silver', 'Silver function'],
    ['queues', 'queue'],
  ] as const)('the runtime ends by name for want of its entry in %s, and has begun nothing', async (what, called) => {
    const runtime = createRuntime(lake, SILENT)
    without(runtime.functions, what)
    await expect(runtime.run()).rejects.toThrow(`There is no ${called} for kraken`)
    expect(runtime.totals.exchanges.get('kraken')?.bronze).toBe(0)
    expect(await lake.topics.poll(topicName('kraken'), 1)).toMatchObject({ records: 1 })
  })
})
