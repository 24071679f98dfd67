import { spawnSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test, vi } from 'vitest'
import { bundledRegistry } from '../../adapters/bundled-registry.ts'
import { fileError } from '../../adapters/file-errors.ts'
import { lockLake } from '../../adapters/lake-lock.ts'
import { compareUtf8 } from '../../adapters/object-keys.ts'
import { systemIds, systemScratch } from '../../adapters/system.ts'
import { BadInput } from '../../domain/errors.ts'
import { TRADE_SCHEMA, WIDE_TRADE_SCHEMA } from '../../domain/trade.ts'

const scratch = systemScratch()

test('ids are UUIDs of version 7 that only grow, also when the clock stands or goes back', () => {
  vi.useFakeTimers({ now: 1_700_000_000_000, toFake: ['Date'] })
  onTestFinished(() => void vi.useRealTimers())
  const ids = systemIds()
  const given = Array.from({ length: 20_000 }, (_, i) => {
    if (i === 15_000) vi.setSystemTime(Date.now() - 5000)
    return ids.uuid()
  })
  expect(given.every(id => /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(id))).toBe(true)
  expect(given.toSorted(compareUtf8)).toEqual(given)
  expect(new Set(given).size).toBe(given.length)
})

test('scratch paths are free, and can be removed', () => {
  const path = scratch.path('../x y')
  expect(existsSync(path)).toBe(false)
  expect(path).not.toContain('..')
  writeFileSync(path, 'x')
  scratch.remove(path)
  scratch.remove(path)
  expect(existsSync(path)).toBe(false)
})

test('the bundled registry knows the two schemas that trades are written with and no other', async () => {
  expect(await bundledRegistry().writerSchema(1)).toBe(TRADE_SCHEMA)
  expect(await bundledRegistry().writerSchema(2)).toBe(WIDE_TRADE_SCHEMA)
  expect(await bundledRegistry().writerSchema(3)).toBeUndefined()
  expect(await bundledRegistry(new Map([[7, 'string']])).writerSchema(7)).toBe('string')
})

test('a directory is locked by one at a time, and free after release', () => {
  const directory = scratch.path('lake')
  const lock = lockLake(directory)
  expect(() => lockLake(directory)).toThrow(BadInput)
  expect(() => lockLake(directory)).toThrow(directory)
  lock.release()
  lockLake(directory).release()
})

test('kill -9 frees the lock', () => {
  const directory = scratch.path('lake')
  const module = fileURLToPath(new URL('../../adapters/lake-lock.ts', import.meta.url))
  const script = `
    import { lockLake } from ${JSON.stringify(module)}
    lockLake(${JSON.stringify(directory)})
    try { lockLake(${JSON.stringify(directory)}) } catch (error) { process.stdout.write(error.name) }
    process.kill(process.pid, 'SIGKILL')`
  const child = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' })
  expect(child.signal, child.stderr).toBe('SIGKILL')
  expect(child.stdout).toBe('BadInput')
  lockLake(directory).release()
})

test('another process is kept out', () => {
  const directory = scratch.path('lake')
  const lock = lockLake(directory)
  const module = fileURLToPath(new URL('../../adapters/lake-lock.ts', import.meta.url))
  const script = `
    import { lockLake } from ${JSON.stringify(module)}
    try { lockLake(${JSON.stringify(directory)}) } catch (error) { process.stdout.write(error.message) }`
  const child = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' })
  expect(child.stdout, child.stderr).toContain(directory)
  expect(child.stdout).not.toContain('\n')
  lock.release()
})

test.each([
  ['ENOSPC', 'The disk of /lake/x is full (while writing): free some space and start again.'],
  ['EROFS', '/lake/x is on a read-only file system (while writing): choose another directory.'],
  ['EACCES', 'No permission for /lake/x (while writing): change its owner or mode.'],
  ['EIO', '/lake/x failed (while writing): EIO: first line'],
])('%s is one line that names the path and what to do', (code, message) => {
  const error = Object.assign(new Error(`${code}: first line\nsecond line`), { code })
  const translated = fileError(error, '/lake/x', 'writing')
  expect(translated.message).toBe(message)
  expect(translated.cause).toBe(error)
  expect(fileError(translated, '/other', 'writing')).toBe(translated)
})
