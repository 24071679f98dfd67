/** `tradelake sql` reads the lake and does nothing else without --unsafe. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { smallLake } from './small-lake.ts'
import { output, runCommand } from './support.ts'

const { folder, data } = smallLake()

describe('a query only reads', () => {
  const location = join(data, 'location')
  const refused = async (query: string, message: RegExp) => {
    const before = readFileSync(location)
    for (const format of ['table', 'csv', 'json', 'parquet']) {
      const { status, stdout, stderr } = await runCommand('sql', query, '--format', format, '--data', data)
      expect([status, stdout], query).toEqual([1, ''])
      expect(stderr, query).toMatch(/^tradelake: [^\n]+\n$/)
      expect(stderr, query).toMatch(message)
    }
    expect(readFileSync(location)).toEqual(before)
  }

  test.each([
    ['COPY', `COPY (SELECT 1) TO '${data.replaceAll("'", "''")}/location'`, /only reads .* this is COPY/],
    ['a COPY in EXPLAIN ANALYZE', `EXPLAIN ANALYZE COPY (SELECT 1) TO '${data}/location'`, /this is COPY/],
    ['a COPY behind a comment', `/* SELECT */ explain /* x */ ANALYZE COPY (SELECT 1) TO '/tmp/x.csv'`, /this is COPY/],
    ['an end of the subquery', `SELECT 1) TO '${data}/location' --`, /syntax error/],
    ['two statements', 'SELECT 1; SELECT 2', /Give one statement: this has 2/],
    [
      'two statements with a PIVOT',
      `PIVOT gold_crypto_trades ON side USING count(*); COPY (SELECT 1) TO '/tmp/x'`,
      /Give one statement/,
    ],
    ['nothing', ';', /There is no query in this text/],
    ['a comment', '/* nothing */ -- at all', /There is no query in this text/],
    ['CREATE', 'CREATE TABLE x (a INT)', /this is CREATE/],
    ['DROP', 'DROP VIEW gold_crypto_trades', /this is DROP/],
    ['ATTACH', `ATTACH '${data}/state.sqlite' AS s`, /this is ATTACH/],
    ['SET', 'SET threads = 1', /this is SET/],
    ['INSTALL', 'INSTALL httpfs', /this is INSTALL/],
    ['another file', "SELECT * FROM read_text('/etc/hostname')", /file system operations are disabled/],
    ['another file by its name', "SELECT * FROM '/etc/passwd.csv'", /disabled|does not exist/],
    ['files of a folder', "SELECT * FROM glob('/etc/*')", /file system operations are disabled/],
    [
      'the lake’s own other files',
      `SELECT * FROM read_text('${data}/location')`,
      /file system operations are disabled/,
    ],
  ])('%s is refused, whatever the format', (_, query, message) => refused(query, message))

  test('with --unsafe it may do all that DuckDB can', async () => {
    const file = join(folder, 'out.csv')
    await output('sql', `COPY (SELECT 42 AS a) TO '${file}' (HEADER)`, '--unsafe', '--data', data)
    expect(readFileSync(file, 'utf8')).toBe('a\n42\n')
    expect(
      await output(
        'sql',
        `SET threads = 1; SELECT a FROM read_csv('${file}')`,
        '--unsafe',
        '--format',
        'csv',
        '--data',
        data,
      ),
    ).toBe('a\n42\n')
  })

  test('a query that takes too long is ended, and one larger than its memory goes to disk', async () => {
    const endless = 'SELECT count(*) FROM range(1000000) AS a, range(1000000) AS b WHERE a.range % 7 = b.range % 11'
    const { status, stderr } = await runCommand('sql', endless, '--timeout', '300ms', '--data', data)
    expect(status).toBe(1)
    expect(stderr).toBe(
      'tradelake: The query took longer than 0.3 s and was ended: ask for less, or give a longer --timeout.\n',
    )
    const large =
      'SELECT count(*) AS n FROM (SELECT md5(range::VARCHAR) AS h FROM range(3000000) ORDER BY h LIMIT 2900000)'
    expect(await output('sql', large, '--memory', '120MB', '--format', 'csv', '--data', data)).toBe('n\n2900000\n')
    const wrong = await runCommand('sql', 'SELECT 1', '--memory', 'much', '--data', data)
    expect(wrong.stderr).toBe('tradelake: --memory much is not a size: write 400MB or 2GB.\n')
  })
})
