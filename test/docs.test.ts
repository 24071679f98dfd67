/** The pages hold to what they promise: links lead somewhere, the list of decisions is whole, named commands exist. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { LINEAGE_VARIABLES } from '../adapters/openlineage-sinks.ts'
import { EXCHANGES } from '../domain/exchanges.ts'
import { metricNames } from '../domain/metrics.ts'
import { PRODUCER } from '../domain/openlineage.ts'
import { originsOf } from '../domain/table-origins.ts'
import { topicDefinitions } from '../domain/topics.ts'
import { TRADE_SCHEMA } from '../domain/trade.ts'
import { ERROR_TYPES } from '../domain/validation.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const inFolder = (folder: string, ending: string) =>
  readdirSync(join(ROOT, folder))
    .filter(name => name.endsWith(ending))
    .map(name => join(folder, name))

const WORKFLOWS = inFolder('.github/workflows', '.yml')
const PAGES = [
  ...inFolder('.', '.md'),
  ...inFolder('docs', '.md'),
  ...inFolder('docs/adr', '.md'),
  ...inFolder('docs/clients', '.md'),
]
const scripts = Object.keys(JSON.parse(read('package.json')).scripts)

test('links between pages lead to a file, and to a heading of it', () => {
  // As GitHub makes anchors: lower case, no punctuation, hyphens for spaces.
  const anchor = (heading: string) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-')
  const broken = PAGES.flatMap(page =>
    [...read(page).matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)].flatMap(([, path, heading]) => {
      const target = path === '' ? page : join(dirname(page), path)
      if (!existsSync(join(ROOT, target))) return [`${page} links to ${path}`]
      if (heading === undefined || !target.endsWith('.md')) return []
      const headings = [...read(target).matchAll(/^#+ (.*)$/gm)].map(match => anchor(match[1]))
      return headings.includes(heading) ? [] : [`${page} links to ${path}#${heading}`]
    }),
  )
  expect(broken).toEqual([])
})

test('the list of decisions has each of them, with its title, and each has its parts', () => {
  const listed = [...read('docs/adr/README.md').matchAll(/^\| \[(\d+)\]\(([\w.-]+)\) \| (.*) \| .* \|$/gm)]
  const decisions = inFolder('docs/adr', '.md').filter(path => /\/\d{4}-/.test(path))
  expect(listed.map(([, number, file, title]) => [`docs/adr/${file}`, `# ${number}. ${title}`])).toEqual(
    decisions.sort().map(path => [path, read(path).split('\n', 1)[0]]),
  )
  for (const path of decisions) {
    expect(read(path).split('\n')[2], path).toMatch(/^Date: \d{4}-\d\d-\d\d · Status: (Accepted|Superseded by \[)/)
    for (const part of ['Context', 'Decision', 'Alternatives', 'Consequences'])
      expect(read(path), path).toContain(`\n## ${part}\n`)
  }
})

test('pages and workflows name scripts that exist', () => {
  const named = [...PAGES, ...WORKFLOWS, '.ci/run'].flatMap(page =>
    [...read(page).matchAll(/npm run (?:--silent )?([\w:-]+)/g)].map(match => match[1]),
  )
  expect(named.length).toBeGreaterThan(20)
  expect(named.filter(name => !scripts.includes(name))).toEqual([])
})

test('what .ci/run runs, the workflows run too', () => {
  const run = (text: string) =>
    [...text.matchAll(/npm (cit|run (?:--silent )?[\w:-]+)/g)].map(match => match[1].replace('--silent ', ''))
  const workflows = WORKFLOWS.flatMap(path => run(read(path)))
  expect(run(read('.ci/run')).filter(command => !workflows.includes(command))).toEqual([])
})

test('the page of lineage names the variables, the metric, every job of a stage, and the project', () => {
  const page = read('docs/lineage.md')
  const stages = [...new Set([...originsOf(EXCHANGES).values()].map(({ stage }) => stage))]
  for (const name of [...Object.values(LINEAGE_VARIABLES), metricNames.lineageDropped])
    expect(page).toContain(`\`${name}`)
  for (const stage of stages) expect(page).toContain(`\`${stage}.`)
  expect(JSON.parse(read('package.json')).repository.url).toBe(`git+${PRODUCER}.git`)
})

test('the version of Node is one', () => {
  expect(read('.nvmrc').trim()).toBe('24')
  expect(read('bin/node24.js')).toContain('MINIMUM_MAJOR = 24')
})

test('the page of topics names every field, error type and topic', () => {
  const page = read('docs/topics.md')
  // The first cell of each row, which may name two.
  const named = [...page.matchAll(/^\| (`[^|]*?) \|/gm)].flatMap(([, cell]) =>
    cell.split(', ').map(name => name.replaceAll('`', '')),
  )
  const fields = TRADE_SCHEMA.fields.map(({ name }) => name)
  const topics = [
    ...new Set(topicDefinitions(EXCHANGES).map(({ name }) => name.replace(/(trades)\.\w+$/, '$1.<exchange>'))),
  ]
  expect(named.sort()).toEqual([...fields, ...topics, ...ERROR_TYPES].sort())
})
