/** Whatever a data directory holds, a command says in one line what is wrong, and touches nothing. */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openLake, openLakeReadOnly } from '../../embedded/lake.ts'
import { filesBelow, newFolder, output, runCommand, startCommand } from './support.ts'

async function refused(message: RegExp, ...args: string[]): Promise<void> {
  const { status, stdout, stderr } = await runCommand(...args)
  expect(stderr).toMatch(/^tradelake: [^\n]+\n$/)
  expect(stderr).toMatch(message)
  expect(stdout).toBe('')
  expect(status).toBe(1)
}

async function eachRefused(message: RegExp, commands: readonly string[][], data: string): Promise<void> {
  await Promise.all(commands.map(command => refused(message, ...command, '--data', data)))
}

const ALL: readonly string[][] = [['start', '--for', '1s'], ['drain'], ['tables'], ['sql', 'SELECT 1'], ['audit']]

test('without a lake, only commands that should make one make one', async () => {
  const data = join(newFolder(), 'none')
  await eachRefused(
    /There is no lake in .*none: give --data DIR, or make one with tradelake start\./,
    ALL.slice(1),
    data,
  )
  expect(existsSync(data)).toBe(false)
})

test('a folder of other things is left alone', async () => {
  const data = newFolder()
  writeFileSync(join(data, 'letter.txt'), 'dear')
  await refused(/holds letter\.txt and not a lake/, 'start', '--for', '1s', '--data', data)
  await refused(/There is no lake/, 'audit', '--data', data)
  expect(filesBelow(data)).toEqual([join(data, 'letter.txt')])
})

test('a path that the engine would take for a pattern', async () => {
  const data = join(newFolder(), 'what?')
  await refused(/has one of \* \? \[ in its path/, 'start', '--for', '1s', '--data', data)
  expect(existsSync(data)).toBe(false)
})

test('a file where the directory should be', async () => {
  const data = join(newFolder(), 'file')
  writeFileSync(data, '')
  await refused(/file/, 'start', '--for', '1s', '--data', data)
  await refused(/There is no lake/, 'tables', '--data', data)
})

test('damaged, foreign and missing files, and a directory that was moved', async () => {
  const home = newFolder()
  const data = join(home, 'lake')
  ;(await openLake(data)).close()
  const kept = join(home, 'kept')
  cpSync(data, kept, { recursive: true })
  const restore = () => {
    rmSync(data, { recursive: true })
    cpSync(kept, data, { recursive: true })
  }
  const unusable = async (message: RegExp) => {
    for (const open of [openLake, openLakeReadOnly]) await expect(open(data)).rejects.toThrow(message)
  }
  for (const file of ['state.sqlite', 'topics.sqlite']) {
    const path = join(data, file)
    const bytes = readFileSync(path)
    const text = Buffer.from('no database at all, only text')
    for (const damaged of [text, bytes.subarray(0, 100), Buffer.from(bytes).fill(0x55, 0, 2000)]) {
      writeFileSync(path, damaged)
      await unusable(new RegExp(`${file} is damaged or not a file of tradelake: restore it`))
      expect(readFileSync(path).equals(damaged)).toBe(true)
    }
    await refused(new RegExp(`${file} is damaged or not a file of tradelake`), 'start', '--for', '1s', '--data', data)
    restore()
    rmSync(path)
    await unusable(new RegExp(`has lost its ${file}`))
    expect(existsSync(path)).toBe(false)
    restore()
  }
  // The other's file: a database, but not this one.
  cpSync(join(kept, 'topics.sqlite'), join(data, 'state.sqlite'))
  await unusable(/state\.sqlite is not a file of this version of tradelake/)
  restore()
  const moved = join(home, 'moved')
  renameSync(data, moved)
  await eachRefused(/was made in .*lake, and its tables name their files there/, ALL, moved)
  renameSync(moved, data)
  const audit = await output('audit', '--data', data)
  expect(audit).toContain('There is nothing to check yet: no record has come.')
  expect(audit).not.toContain('All six laws hold')
})

test('a second process learns that there is a first; looking is allowed', async () => {
  const data = join(newFolder(), 'lake')
  const first = startCommand('start', '--rate', '50', '--data', data)
  await new Promise(resolve => first.child.stdout?.once('data', resolve))
  await refused(
    /is in use by another tradelake process: stop it, or give another directory\./,
    'start',
    '--for',
    '1s',
    '--data',
    data,
  )
  await refused(/is in use by another tradelake process/, 'drain', '--data', data)
  expect(await output('tables', '--data', data)).toContain('gold_crypto_trades')
  first.child.kill('SIGINT')
  const { status, stdout, stderr } = await first.finished
  expect(stderr).toBe('')
  expect(status).toBe(0)
  expect(stdout).toContain('All six laws hold')
})

function smallDisk(): string | undefined {
  const folder = newFolder()
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', folder], { stdio: 'ignore' })
  } catch {
    return undefined
  }
  onTestFinished(() => {
    execFileSync('umount', [folder])
  })
  return folder
}

test('a full disk ends a run in one line, and what it has is whole', async context => {
  const disk = smallDisk()
  if (disk === undefined) return context.skip('mounting a small file system needs root')
  const data = join(disk, 'lake')
  const { status, stderr } = await runCommand('start', '--rate', '3000', '--for', '60s', '--data', data)
  expect(stderr).toMatch(/^tradelake: The disk of [^\n]* is full[^\n]*\n$/)
  expect(status).toBe(1)
  // What could not be finished is finished where there is room.
  execFileSync('mount', ['-o', 'remount,size=200m', disk])
  await output('drain', '--data', data)
  expect(await output('audit', '--data', data)).toContain('All six laws hold')
})
