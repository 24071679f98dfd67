/** Worker processes, and the memory of all processes together. */
import { type ChildProcess, fork } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { Done, Order } from './worker.ts'

export interface Worker {
  readonly pid: number
  carryOut(order: Order): Promise<Done>
  stop(): void
}

export function startWorker(): Worker {
  // As much heap as a function of 512 MB would give Node.
  const child: ChildProcess = fork(new URL('worker.ts', import.meta.url), [], {
    // Fewer arenas of glibc's malloc hold less freed memory back; a function would be given the same variable.
    env: { ...process.env, MALLOC_ARENA_MAX: '2' },
    execArgv: ['--max-old-space-size=384', '--max-semi-space-size=16', '--disable-warning=ExperimentalWarning'],
  })
  return {
    pid: child.pid as number,
    carryOut: order =>
      new Promise((resolve, reject) => {
        child.once('message', (answer: { done?: Done; error?: string }) => {
          if (answer.done) resolve(answer.done)
          else reject(new Error(answer.error))
        })
        child.send(order)
      }),
    stop: () => child.kill(),
  }
}

/** Proportional memory of the processes in MB: what they share counts once (Linux; 0 elsewhere). */
function memoryOf(pids: readonly number[]): number {
  let kilobytes = 0
  for (const pid of pids) {
    try {
      kilobytes += Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1] ?? 0)
    } catch (error) {
      // The process has ended, or this is not Linux.
      if (!['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    }
  }
  return kilobytes / 1000
}

/** Watches the processes' memory until `stop`, which gives the peak in MB. */
export function watchMemory(pids: readonly number[]): { stop(): number } {
  let peak = 0
  const sample = () => {
    peak = Math.max(peak, memoryOf(pids))
  }
  const timer = setInterval(sample, 50)
  return {
    stop() {
      clearInterval(timer)
      sample()
      return peak
    },
  }
}
