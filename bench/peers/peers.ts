/**
 * Our pipeline, a native program and Spark side by side: interleaved on the same messages, in one call, so that a ratio is of one machine in
 * one hour. Every pass is held against the generator's manifest.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, loadavg, release, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { type BenchData, benchData } from '../data.ts'
import { type Pass, PROCESSES, startPasses } from '../pass.ts'
import { print, record } from '../report.ts'
import { requireRight } from '../verify.ts'
import { nativePeer } from './native.ts'
import { benchmarksPage, comparison, HEADER, type Measured } from './page.ts'
import type { Peer } from './peer.ts'
import { sparkPeer } from './spark.ts'

const PAGE = new URL('../../docs/benchmarks.md', import.meta.url)

export async function benchPeers(messages: number, rounds: number, isForPage: boolean): Promise<void> {
  const data = await benchData(messages, PROCESSES)
  const others = [
    ['the native program', 'cargo', nativePeer(data)],
    ['Spark', 'Java, Maven and Python', await sparkPeer(data)],
  ] as const
  for (const [name, needs, peer] of others) if (!peer) console.log(`Without ${name}: ${needs} cannot be started here.`)
  const peers = [ourPeer(data), ...others.flatMap(([, , peer]) => peer ?? [])]
  const passes = new Map(peers.map(({ name }) => [name, [] as Pass[]]))
  const loads: number[] = []
  try {
    for (const peer of peers) await peer.warmUp()
    for (let round = 0; round < rounds; round++)
      for (const peer of peers.filter(({ maxRounds }) => round < maxRounds)) {
        const [load] = loadavg()
        const pass = await runRight(peer, data)
        loads.push(load)
        passes.get(peer.name)?.push(pass)
        record({ bench: 'peers', messages, program: peer.name, versions: peer.versions, round, load, ...pass })
      }
  } finally {
    for (const peer of peers) await peer.stop()
  }
  const measured: Measured = {
    messages,
    day: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} CPUs (${cpus()[0].model.trim()}), ${Math.round(totalmem() / 1e9)} GB, ${process.platform} ${release()}`,
    versions: peers.map(({ name, versions }) => `${name}: ${versions}; passes that count: ${passes.get(name)?.length}`),
    loads: [Math.min(...loads), Math.max(...loads)],
    passes,
  }
  const [low, high] = measured.loads
  print(
    `Side by side, ${messages.toLocaleString('en-US')} messages, medians, load average ${low.toFixed(1)} to ${high.toFixed(1)}; every count and sum equals the manifest\n${measured.versions.join('\n')}`,
    HEADER,
    comparison(measured),
  )
  if (isForPage) writeFileSync(PAGE, benchmarksPage(measured))
}

function ourPeer(data: BenchData): Peer {
  const { run, stop } = startPasses(data)
  const peer: Peer = {
    name: 'tradelake',
    versions: `Node ${process.version}`,
    async warmUp() {
      await runRight(peer, data)
    },
    maxRounds: Number.POSITIVE_INFINITY,
    run,
    tables: folder => ({ lake: folder }),
    stop: async () => stop(),
  }
  return peer
}

/** @throws Error where a count or a sum is wrong */
async function runRight(peer: Peer, { manifest }: BenchData): Promise<Pass> {
  const parent = mkdtempSync(join(tmpdir(), 'tradelake-peers-'))
  const folder = join(parent, `pass-${parent.slice(-6)}`)
  const pass = await peer.run(folder)
  const tables = peer.tables(folder)
  requireRight(tables, manifest)
  if ('folder' in tables) rmSync(tables.folder, { recursive: true, force: true })
  rmSync(parent, { recursive: true })
  return pass
}
