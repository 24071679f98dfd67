import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { allTables } from '../../domain/tables.ts'
import { tablesPage } from '../../scripts/tables-page.ts'

test('docs/tables.md is what npm run tables-page writes', () => {
  expect(readFileSync(new URL('../../docs/tables.md', import.meta.url), 'utf8')).toBe(tablesPage())
})

test('the page has every table and, of each, every column', () => {
  const page = tablesPage()
  for (const { name, columns } of allTables()) {
    const section = page.split('\n## ').find(part => part.split('\n')[0].includes(`\`${name}\``)) ?? ''
    for (const column of columns) expect(section, name).toContain(`| \`${column.name}\` | ${column.type} |`)
  }
})
