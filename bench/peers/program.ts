/** A program of another kind that does the pipeline's stages, and says in a JSON line when it has ended one. */
import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { type Figures, type Pass, withAll } from '../pass.ts'
import { watchMemory } from '../processes.ts'

export type Line = Readonly<Record<string, unknown>>

export interface Program {
  readonly child: ChildProcess
  /** The next line of its output. @throws Error where it has ended, with what it wrote as errors */
  next(): Promise<Line>
}

export function startProgram(command: string, options: readonly string[], env: NodeJS.ProcessEnv = {}): Program {
  const child = spawn(command, options, { env: { ...process.env, ...env } })
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  let errors = ''
  child.stderr.on('data', part => {
    errors = `${errors}${part}`.slice(-4_000)
  })
  const failed = new Promise<never>((_, reject) => child.on('error', reject))
  return {
    child,
    async next() {
      const { done, value } = await Promise.race([lines.next(), failed])
      if (done) throw new Error(`${command} ended before its last stage: ${errors.trim()}`)
      return JSON.parse(value) as Line
    },
  }
}

/** Reads the figures of a pass, up to the candles'; memory is that of the processes. */
export async function readPass(program: Program, pids: readonly number[]): Promise<Pass> {
  const stages: Record<string, Figures> = {}
  while (stages.candles === undefined) {
    const memory = watchMemory(pids)
    try {
      const { stage, wall, cpu, rows = 0 } = await program.next()
      stages[String(stage)] = { wall: Number(wall), cpu: Number(cpu), rows: Number(rows), memory: memory.stop() }
    } finally {
      memory.stop()
    }
  }
  return withAll(stages)
}
