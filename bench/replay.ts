/** Replays as fast as they go, over HTTP on this machine, of `tradelake serve` on a lake in a folder. */
import { mkdtempSync, rmSync } from 'node:fs'
import { get } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeMinutes } from './minute.ts'
import { print, record } from './report.ts'
import { serving } from './serving.ts'

const MINUTES = 40
const TRADES_A_MINUTE = 25_000
const RUNS = 5
const START = Date.UTC(2026, 10, 20, 10)

export async function benchReplay(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'tradelake-replay-'))
  const directory = join(folder, 'lake')
  await makeMinutes(directory, BigInt(START) * 1000n, MINUTES, TRADES_A_MINUTE)
  const { url, stop } = await serving(directory)
  try {
    const rows: string[][] = []
    for (const [what, path] of [
      ['JSON lines', '/v1/replay?speed=max&format=ndjson'],
      ['server-sent events', '/v1/replay?speed=max'],
    ]) {
      const rates: number[] = []
      let firstByte = 0
      for (let run = 0; run < RUNS; run++) {
        const measured = await measureReplay(`${url}${path}&start=${START}&end=${START + MINUTES * 60_000}`)
        if (measured.messages !== MINUTES * TRADES_A_MINUTE + 1)
          throw new Error(`${measured.messages} messages came of ${MINUTES * TRADES_A_MINUTE} trades and an end.`)
        rates.push((measured.messages / measured.milliseconds) * 1000)
        firstByte = measured.firstByteMs
      }
      const best = Math.max(...rates)
      record({ bench: 'replay', what, trades_per_s: best, least: Math.min(...rates), first_byte_ms: firstByte })
      rows.push([
        what,
        Math.round(Math.min(...rates)).toLocaleString('en'),
        Math.round(best).toLocaleString('en'),
        firstByte.toFixed(1),
      ])
    }
    print(
      `A million trades replayed at max, ${RUNS} runs`,
      ['as', 'least trades/s', 'most trades/s', 'first byte ms'],
      rows,
    )
  } finally {
    stop()
    rmSync(folder, { recursive: true, force: true })
  }
}

export interface MeasuredReplay {
  readonly messages: number
  readonly bytes: number
  readonly milliseconds: number
  readonly firstByteMs: number
}

/** Reads an answer to its end, and counts its messages. */
export function measureReplay(url: string): Promise<MeasuredReplay> {
  const started = performance.now()
  return new Promise((resolve, reject) => {
    const sent = get(url, answer => {
      let [braces, bytes, firstByteMs] = [0, 0, 0]
      answer.on('data', (chunk: Buffer) => {
        if (bytes === 0) firstByteMs = performance.now() - started
        bytes += chunk.length
        for (let at = chunk.indexOf(BRACE); at >= 0; at = chunk.indexOf(BRACE, at + 1)) braces++
      })
      answer.on('error', reject)
      answer.on('end', () => {
        if (answer.statusCode !== 200) reject(new Error(`${url} was answered ${answer.statusCode}.`))
        else resolve({ messages: braces / 2, bytes, milliseconds: performance.now() - started, firstByteMs })
      })
    })
    sent.on('error', reject)
  })
}

/** A message has two objects, itself and its data. */
const BRACE = '{'.charCodeAt(0)
