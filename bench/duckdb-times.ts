/**
 * How long queries of DuckDB take, measured in a thread of its own: a result of thousands of rows is as many objects, and whoever collects
 * them is to be the one that asked for them, not who measures something else beside it.
 */
import { isMainThread, parentPort, Worker } from 'node:worker_threads'
import { DuckDBInstance } from '@duckdb/node-api'

interface Question {
  readonly query: string
  readonly times: number
}

export interface DuckDbTimes {
  /** Milliseconds of each of so many runs. */
  of(query: string, times: number): Promise<readonly number[]>
  stop(): Promise<unknown>
}

/** In memory, with two threads. */
export function duckDbTimes(): DuckDbTimes {
  const worker = new Worker(new URL(import.meta.url))
  return {
    of: (query, times) =>
      new Promise((resolve, reject) => {
        worker.once('message', (answer: readonly number[] | string) =>
          typeof answer === 'string' ? reject(new Error(answer)) : resolve(answer),
        )
        worker.postMessage({ query, times } satisfies Question)
      }),
    stop: () => worker.terminate(),
  }
}

if (!isMainThread) {
  const connection = DuckDBInstance.create(':memory:', { threads: '2' }).then(duck => duck.connect())
  parentPort?.on('message', async ({ query, times }: Question) => {
    try {
      const duck = await connection
      const taken: number[] = []
      for (let n = 0; n < times; n++) {
        const before = performance.now()
        await duck.runAndReadAll(query)
        taken.push(performance.now() - before)
      }
      parentPort?.postMessage(taken)
    } catch (error) {
      parentPort?.postMessage(String(error))
    }
  })
}
