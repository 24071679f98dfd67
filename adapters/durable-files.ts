/** Files and folders that are on the disk, not only in its cache, when a call returns. */
import { renameSync, rmSync } from 'node:fs'
import { mkdir, open } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Makes a file whose bytes are on the disk when this returns. */
export async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx')
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Makes sure that a file which other code wrote is on the disk. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Puts a file in the place of another, or makes it: after a crash one of the two is there, whole. */
export async function replaceSynced(path: string, bytes: Uint8Array): Promise<void> {
  rmSync(`${path}.new`, { force: true })
  await writeSynced(`${path}.new`, bytes)
  renameSync(`${path}.new`, path)
  await syncFolder(dirname(path))
}

/** Makes a folder and those above it, each durable in its parent. */
export async function makeFolder(folder: string, made: Set<string>): Promise<void> {
  if (made.has(folder)) return
  const first = await mkdir(folder, { recursive: true })
  if (first !== undefined) {
    for (let at = folder; at.length >= first.length; at = dirname(at)) await syncFolder(dirname(at))
  }
  made.add(folder)
}

/** A name is durable once its directory is synced (fsync(2)); Windows has no such call and needs none. */
export async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return
  const directory = await open(folder, 'r')
  try {
    await directory.sync()
  } finally {
    await directory.close()
  }
}
