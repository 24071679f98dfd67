/** The page on the API names every route and every parameter that there is, and nothing else. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { PARAMETERS } from '../../api/market/parameter-list.ts'
import { askedDescription } from './support.ts'

const page = readFileSync('docs/api.md', 'utf8')

test('docs/api.md names all routes', async () => {
  const { paths } = await askedDescription()
  const missing = Object.keys(paths).filter(path => !page.includes(`/v1${path}`))
  expect(missing).toEqual([])
})

test('docs/api.md names all parameters', () => {
  const missing = Object.keys(PARAMETERS).filter(name => !new RegExp(`\`${name}\\b`).test(page))
  expect(missing).toEqual([])
})
