/** The whole pipeline over the benchmark's messages: each stage alone and all together, on two processes. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { benchData } from './data.ts'
import { type Pass, PROCESSES, startPasses } from './pass.ts'
import { print, record } from './report.ts'
import { requireRight } from './verify.ts'

/** Runs `passes` times over a fresh lake in the same processes, prints the median pass, and fails on any wrong count. */
export async function benchPipeline(messages: number, passes: number): Promise<void> {
  const data = await benchData(messages, PROCESSES)
  const pipeline = startPasses(data)
  const runs: Pass[] = []
  let bytes: Readonly<Record<string, number>> = {}
  for (let pass = 0; pass < passes; pass++) {
    const folder = mkdtempSync(join(tmpdir(), 'tradelake-pipeline-'))
    runs.push(await pipeline.run(folder))
    bytes = requireRight({ lake: folder }, data.manifest)
    rmSync(folder, { recursive: true })
  }
  pipeline.stop()
  const middle = [...runs].sort((a, b) => a.all.wall - b.all.wall)[Math.floor(runs.length / 2)]
  print(
    `Pipeline, ${messages.toLocaleString('en-US')} messages, ${PROCESSES} processes, median of ${passes} passes; every count and candle sum equals the manifest`,
    ['stage', 'wall s', 'CPU s', 'rows/s', 'MB of memory', 'MB written'],
    Object.entries(middle).map(([stage, figures]) => {
      const written = bytes[stage]
      record({ bench: 'pipeline', stage, messages, ...figures, bytes: written })
      return [
        stage,
        figures.wall.toFixed(2),
        figures.cpu.toFixed(2),
        Math.round(figures.rows / figures.wall).toLocaleString('en-US'),
        figures.memory.toFixed(0),
        written === undefined ? '' : (written / 1e6).toFixed(1),
      ]
    }),
  )
}
