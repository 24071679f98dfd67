/** It bites: each fault planted in the product is found by a campaign. */
import { afterAll, expect, test } from 'vitest'
import { MUTANTS } from '../simulation/mutants.ts'
import { hunt } from '../simulation/mutation.ts'

const report: string[] = []
afterAll(() => console.log([`${report.length} of ${MUTANTS.length} mutants caught`, ...report].join('\n')))

test('there are at least thirty', () => {
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length)
  expect(MUTANTS.length).toBeGreaterThanOrEqual(30)
})

test.concurrent.for(MUTANTS)('caught: $name', async (mutant, { expect }) => {
  const found = await hunt(mutant)
  expect(found).toBeDefined()
  if (found)
    report.push(`${mutant.name}: ${found.campaign}, run ${found.run} (${found.runs} in all): ${found.violation}`)
})
