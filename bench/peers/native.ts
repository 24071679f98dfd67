/** The native program of native/, built on this machine where cargo is. */
import { execFileSync, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cacheFolder } from '../../adapters/cache-folder.ts'
import type { BenchData } from '../data.ts'
import type { Peer } from './peer.ts'
import { readPass, startProgram } from './program.ts'

const CRATE = join(import.meta.dirname, 'native')

/** Undefined where there is no cargo. */
export function nativePeer({ index }: BenchData): Peer | undefined {
  const { status, stdout } = spawnSync('cargo', ['--version'], { encoding: 'utf8' })
  if (status !== 0) return undefined
  const target = join(cacheFolder(), 'native-peer')
  const options = ['build', '--release', '--locked', '--quiet', '--manifest-path', join(CRATE, 'Cargo.toml')]
  execFileSync('cargo', options, { env: { ...process.env, CARGO_TARGET_DIR: target }, stdio: 'inherit' })
  const parquet = /name = "parquet"\nversion = "(.*)"/.exec(readFileSync(join(CRATE, 'Cargo.lock'), 'utf8'))?.[1]
  return {
    name: 'native',
    versions: `${stdout.trim().split(' (')[0]}, parquet ${parquet}`,
    async warmUp() {},
    maxRounds: Number.POSITIVE_INFINITY,
    async run(folder) {
      const program = startProgram(join(target, 'release', 'tradelake-native-peer'), [index, folder])
      const exit = once(program.child, 'exit')
      const pass = await readPass(program, [program.child.pid as number])
      await exit
      return pass
    },
    tables: folder => ({ folder }),
    async stop() {},
  }
}
