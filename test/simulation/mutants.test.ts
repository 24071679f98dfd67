/** Each mutant can be planted: what it replaces stands in its file exactly once. The campaigns then show that it is found. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { MUTANTS } from './mutants.ts'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))

test.each(MUTANTS)('there is one place for: $name', ({ file, find, replace }) => {
  expect(readFileSync(ROOT + file, 'utf8').split(find)).toHaveLength(2)
  expect(replace).not.toBe(find)
})

test('no two mutants have one name', () => {
  expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length)
})
