/** `tradelake serve` and `tradelake keys`, as a person runs them. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, expect, onTestFinished, test } from 'vitest'
import { smallLake } from './small-lake.ts'
import { newFolder, output, type Running, runCommand, startCommand } from './support.ts'

const { data } = smallLake()

/** Starts serving and gives the address that it prints. */
async function serve(...args: string[]): Promise<string> {
  const running = startCommand('serve', '--port', '0', ...args)
  onTestFinished(async () => {
    running.child.kill('SIGINT')
    await running.finished
  })
  return addressOf(running)
}

function addressOf({ child, finished }: Running): Promise<string> {
  return new Promise((resolve, reject) => {
    child.stdout?.on('data', chunk => {
      const [, url] = /(http:\S+)/.exec(String(chunk)) ?? []
      if (url) resolve(url)
    })
    finished.then(({ stderr }) => reject(new Error(stderr)), reject)
  })
}

describe('a lake that is served', () => {
  test('is a catalog whose tables are those of the lake', async () => {
    const url = await serve('--data', data)
    const { identifiers } = (await (await fetch(`${url}/v1/namespaces/market_data/tables`)).json()) as {
      readonly identifiers: readonly { readonly name: string }[]
    }
    const tables = JSON.parse(await output('tables', '--json', '--data', data))
    const names = tables.flatMap(({ table, metadata_location: at }: Record<string, string>) => (at ? [table] : []))
    expect(identifiers.map(({ name }) => name)).toEqual(names.sort())
    // Beside it the lake can be worked on.
    expect((await runCommand('drain', '--data', data)).status).toBe(0)
  })

  test('is open to who has a key, where keys are asked for', async () => {
    const url = await serve('--data', data, '--auth', 'keys')
    expect((await fetch(`${url}/v1/namespaces`)).status).toBe(401)
    const key = (await output('keys', 'add', 'a test', '--scopes', 'read', '--data', data)).trim()
    const headers = { authorization: `Bearer ${key}` }
    expect((await fetch(`${url}/v1/namespaces`, { headers })).status).toBe(200)
    const [{ id, ...listed }] = JSON.parse(await output('keys', 'list', '--json', '--data', data))
    expect(listed).toMatchObject({ name: 'a test', scopes: 'read', expires: 'never' })
    expect(key).toContain(`_${id}_`)
    // By its whole text, as who finds it in a log has it.
    expect(await output('keys', 'revoke', key, '--data', data)).toBe('')
    expect(JSON.parse(await output('keys', 'list', '--json', '--data', data))).toEqual([])
  })
})

test('a key that has ended is shown for a month, and can be revoked', async () => {
  const { id } = JSON.parse(await output('keys', 'add', 'a day', '--expires', '1', '--json', '--data', data))
  const { id: kept } = JSON.parse(
    await output('keys', 'add', 'a month ago', '--expires', '1', '--json', '--data', data),
  )
  // As though days had passed.
  const state = new DatabaseSync(join(data, 'state.sqlite'))
  const age = state.prepare(
    "UPDATE items SET attributes = json_set(attributes, '$.ends_at', attributes ->> '$.ends_at' - ?, '$.expires_at', attributes ->> '$.expires_at' - ?) WHERE sk = ?",
  )
  age.run(2 * DAY_MS, (2 * DAY_MS) / 1000, id)
  age.run(32 * DAY_MS, (32 * DAY_MS) / 1000, kept)
  state.close()
  const listed: { id: string; expires: string }[] = JSON.parse(await output('keys', 'list', '--json', '--data', data))
  expect(listed.map(key => [key.id, Date.parse(key.expires) < Date.now()])).toEqual([[id, true]])
  expect(await output('keys', 'revoke', id, '--data', data)).toBe('')
  expect(JSON.parse(await output('keys', 'list', '--json', '--data', data))).toEqual([])
})

const DAY_MS = 86_400_000
const STOPS = [
  ['SIGKILL', null],
  ['SIGTERM', 0],
  ['SIGINT', 0],
] as const

test.each(STOPS)('a server is gone when its command is stopped by %s', { timeout: 20_000 }, async (signal, status) => {
  const running = startCommand('serve', '--port', '0', '--data', data)
  const url = await addressOf(running)
  expect((await fetch(`${url}/v1/config`)).status).toBe(200)
  running.child.kill(signal)
  // Its output ends when the last process that writes to it does, though the one that was killed is not that one.
  expect((await running.finished).status).toBe(status)
  await expect(fetch(`${url}/v1/config`)).rejects.toThrow('fetch failed')
})

test.each([
  [['serve'], /There is no lake in/],
  [['serve', '--port', 'x'], /--port x is not a whole number/],
  [
    ['serve', '--host', '0.0.0.0', '--auth', 'none'],
    /--auth none would let everybody who reaches 0\.0\.0\.0 write and delete/,
  ],
  [['serve', '--auth', 'some'], /--auth some is not known: give none or keys/],
  [['serve', '--places', 'ftp://x'], /ftp:\/\/x is no place for tables/],
  [['serve', '--files-role', 'x'], /--files-role is for a lake in S3: give --stack NAME too/],
  [['keys'], /Say what to do: tradelake keys add NAME/],
  [['keys', 'add'], /Say what the key is for/],
  [['keys', 'add', 'x', '--scopes', 'all'], /all is no scope: give read, write:NAMESPACE or write:\*/],
  [['keys', 'add', 'two\nlines'], /A key's name is one line .* without control characters: "two\\nlines"/],
  [['keys', 'add', 'red \u001b[31m'], /A key's name is one line/],
  [['keys', 'add', ''], /A key's name is one line/],
  [['keys', 'add', 'x', '--scopes', 'write:a\u001b[31m'], /is no scope/],
  [['keys', 'add', 'x', '--expires', 'soon'], /--expires soon is not a number of days/],
  [['keys', 'revoke', 'none'], /There is no key none/],
  // Who revokes a whole key does not want to see it in a log.
  [['keys', 'revoke', 'tl_0123456789ab_c2VjcmV0'], /There is no key (?:0123456789ab|tl_0123456789ab_…): /],
])('tradelake %j is refused in one line', async (args, message) => {
  const lake = args.length === 1 && args[0] === 'serve' ? join(newFolder(), 'none') : data
  const { status, stderr } = await runCommand(...args, '--data', lake)
  expect([status, stderr.trim().split('\n')]).toEqual([1, [expect.stringMatching(message)]])
})

test('a role of a deployed lake that is none is refused before anything is asked of AWS', async () => {
  const { status, stderr } = await runCommand('serve', '--stack', 's', '--files-role', 'x')
  expect([status, stderr]).toEqual([
    1,
    'tradelake: --files-role x is not the ARN of a role, as arn:aws:iam::111122223333:role/files.\n',
  ])
})
