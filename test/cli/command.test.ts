import { expect, test } from 'vitest'
import { type Options, parseOptions } from '../../cli/command.ts'
import { formatTable } from '../../cli/format.ts'
import { parseDuration, parseNumber, parseTime } from '../../cli/values.ts'
import { BadInput } from '../../domain/errors.ts'
import { output, runCommand, runCommandIn } from './support.ts'

test('options have the types and defaults that their definitions say', () => {
  const options = {
    name: { type: 'string', value: 'X', help: 'a name' },
    port: { type: 'string', value: 'N', help: 'a port', default: '80' },
    'be-quiet': { type: 'boolean', help: 'say less' },
  } as const satisfies Options
  const parse = (...argv: string[]) => parseOptions({ name: 'serve', options }, argv)

  expect(parse()).toEqual({ values: { name: undefined, port: '80', 'be-quiet': false }, positionals: [] })
  expect(parse('a', '--port', '0', '--be-quiet', 'b', '--name=n')).toEqual({
    values: { name: 'n', port: '0', 'be-quiet': true },
    positionals: ['a', 'b'],
  })
  for (const wrong of [['--nam', 'n'], ['--port'], ['--be-quiet=yes']])
    expect(() => parse(...wrong)).toThrow(/^[^\n]+\. See tradelake serve --help\.$/)

  const { values } = parse()
  const port: string = values.port
  const quiet: boolean = values['be-quiet']
  // @ts-expect-error without a default there may be none
  const name: string = values.name
  // @ts-expect-error there is no such option
  expect(values.ports).toBeUndefined()
  expect([port, quiet, name]).toEqual(['80', false, undefined])
})

test('durations, numbers and times', () => {
  expect(['60s', '5m', '1h', '250ms', '1.5s'].map(parseDuration)).toEqual([60_000, 300_000, 3_600_000, 250, 1500])
  for (const wrong of ['60', 's', '', '-1s', '1d', '1 s']) expect(() => parseDuration(wrong)).toThrow(BadInput)
  expect(parseNumber('rate', '0.5', 0)).toBe(0.5)
  expect(parseNumber('seed', '7', 0, true)).toBe(7)
  for (const wrong of ['', 'x', '-1', 'Infinity', '1e999'])
    expect(() => parseNumber('rate', wrong, 0)).toThrow(BadInput)
  for (const wrong of ['1.5', '9007199254740993']) expect(() => parseNumber('seed', wrong, 0, true)).toThrow(BadInput)
  expect(parseTime('market-start', '2026-11-20T10:00:00.5Z')).toBe(1_795_168_800_500_000n)
  expect(parseTime('from', '2026-11-20T11:00+01:00')).toBe(parseTime('from', '2026-11-20 10:00'))
  for (const wrong of ['now', '2026-11-20T25:00Z', '10:00'])
    expect(() => parseTime('market-start', wrong)).toThrow(`--market-start: ${wrong} is no time: write it as`)
  expect(() => parseTime('market-start', '2026-02-30T10:00:00Z')).toThrow('--market-start: There is no day 2026-02-30.')
})

test('tables set numbers right and text left', () => {
  const table = formatTable(
    ['name', 'rows'],
    [
      ['a', '1,000'],
      ['longer', '5'],
    ],
  )
  expect(table.split('\n')).toEqual(['name     rows', '──────  ─────', 'a       1,000', 'longer      5'])
  expect(formatTable(['only'], [])).toBe('only\n────')
})

test('an option in the place of another, and words where none are meant, are refused before anything is done', async () => {
  for (const [load, name] of [
    [(await import('../../cli/maintain.ts')).maintain, 'maintain'],
    [(await import('../../cli/audit.ts')).audit, 'audit'],
    [(await import('../../cli/status.ts')).status, 'status'],
    [(await import('../../cli/tables.ts')).tables, 'tables'],
    [(await import('../../cli/drain.ts')).drain, 'drain'],
  ] as const) {
    expect(() => load.run(['--stack', 'x', '--data', './.tradelake'])).toThrow('Give --stack or --data, not both.')
    expect(() => load.run(['repair'])).toThrow(`'repair' is not known here. See tradelake ${name} --help.`)
  }
})

test('without credentials or a region a stack is not reached, which is said in one line with what to do', async () => {
  const reached = (aws: NodeJS.ProcessEnv) =>
    runCommandIn({ ...aws, AWS_EC2_METADATA_DISABLED: 'true' }, 'audit', '--repair', '--stack', 'x')
  const [noRegion, noKey] = await Promise.all([reached({}), reached({ AWS_REGION: 'eu-central-1' })])
  expect(noRegion).toMatchObject({ status: 1, stdout: '' })
  expect(noRegion.stderr).toBe('tradelake: Reading the stack x: Region is missing: set AWS_REGION or AWS_PROFILE.\n')
  expect(noKey.stderr).toBe(
    'tradelake: Reading the stack x: Could not load credentials from any providers: set AWS_PROFILE, or sign in with aws login or aws sso login.\n',
  )
})

test('help, and unknown commands and options', async () => {
  const overview = await output('--help')
  for (const name of ['start', 'frames', 'replay', 'drain', 'maintain', 'tables', 'sql', 'audit']) {
    expect(overview).toMatch(new RegExp(`^  ${name} `, 'm'))
  }
  const [start, ...wrong] = await Promise.all([
    runCommand('start', '--help'),
    runCommand('strat'),
    runCommand('start', '--for'),
    runCommand('start', '--for', 'ever'),
    runCommand('start', '--rate', 'fast'),
    runCommand('sql', '--formt', 'csv'),
    runCommand('sql', '--format', 'xml', 'SELECT 1'),
    runCommand('sql'),
    runCommand('frames', 'x.txt'),
    runCommand('frames', '--exchange', 'kraken'),
    runCommand('frames', '--exchange', 'nyse', 'x.txt'),
    runCommand('replay'),
    runCommand('audit', 'repair'),
    runCommand('status', '--version'),
  ])
  expect(start).toMatchObject({ status: 0, stderr: '' })
  for (const option of ['--rate', '--for', '--seed', '--data', '--json', '--help'])
    expect(start.stdout).toContain(option)
  for (const { status, stdout, stderr } of wrong) {
    expect(status).toBeGreaterThan(0)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/^tradelake: [^\n]+\n$/)
  }
})
