/** `tradelake serve` for the benchmarks: a process of its own on a lake in a folder. */
import { spawn } from 'node:child_process'

const CLI = new URL('../bin/tradelake.js', import.meta.url).pathname

export interface Serving {
  /** Without a slash at its end. */
  readonly url: string
  stop(): void
}

export async function serving(directory: string): Promise<Serving> {
  const server = spawn(process.execPath, [CLI, 'serve', '--data', directory, '--port', '0'])
  const url = await new Promise<string>(resolve => {
    server.stdout.on('data', chunk => {
      const [, found] = /(http:\/\/[^/\s]+)/.exec(String(chunk)) ?? []
      if (found) resolve(found)
    })
  })
  return { url, stop: () => server.kill('SIGINT') }
}
