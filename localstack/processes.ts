/** Processes of the local stack: started with a log file, awaited until they are ready, stopped without fail. */
import { type ChildProcess, spawn } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { systemClock, systemIds } from '../adapters/system.ts'
import { TradelakeError } from '../domain/errors.ts'
import { MINUTE_MS } from '../domain/time.ts'

export interface Service {
  readonly pid: number
  /** Kills it at once, as a crash would. */
  kill(): Promise<void>
  /** Asks it to end, and kills it if it does not. */
  stop(): Promise<void>
}

export interface ServiceOptions {
  /** For error messages. */
  readonly name: string
  readonly command: string
  readonly args: readonly string[]
  /** The whole environment: nothing is inherited. */
  readonly env: Readonly<Record<string, string>>
  readonly logFile: string
  readonly cwd?: string
  ready(): Promise<boolean>
}

const clock = systemClock()
const ids = systemIds()
const READY_MS = 3 * MINUTE_MS
const STOP_MS = 10_000
const POLL_MS = 100
/** Lines of a log that an error quotes. */
const TAIL_LINES = 5

/** @throws TradelakeError with the end of its log where it ends or does not become ready in time */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { name, command, args, env, logFile, cwd } = options
  const log = openSync(logFile, 'a')
  // A process group of its own: what it starts itself is stopped with it.
  const child = spawn(command, args, { env: { ...env }, cwd, stdio: ['ignore', log, log], detached: true })
  const ended = new Promise<string>(resolve => {
    child.once('error', error => resolve(error.message))
    child.once('exit', (code, signal) => resolve(`it ended with ${signal ?? code}`))
  })
  const service = serviceOf(child, ended)
  const end = clock.steady() + READY_MS
  for (;;) {
    const problem = await Promise.race([ended, clock.sleep(POLL_MS).then(() => undefined)])
    // Another process may answer at its address: an answer counts only while this process lives.
    const answers = problem === undefined && (await options.ready().catch(() => false))
    if (answers && child.exitCode === null && child.signalCode === null) return service
    if (problem === undefined && clock.steady() < end) continue
    await service.kill()
    const why = problem ?? `it was not ready after ${READY_MS / 1000} s`
    const tail = readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-TAIL_LINES).join(' | ')
    throw new TradelakeError(`${name} did not start: ${why}. Its log ${logFile} ends: ${tail}`)
  }
}

function serviceOf(child: ChildProcess, ended: Promise<string>): Service {
  const pid = child.pid ?? 0
  const signal = (name: NodeJS.Signals) => {
    try {
      if (pid > 0) process.kill(-pid, name)
    } catch (error) {
      // It has ended already.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
  const onExit = () => signal('SIGKILL')
  process.once('exit', onExit)
  const gone = async () => {
    await ended
    process.removeListener('exit', onExit)
  }
  return {
    pid,
    async kill() {
      signal('SIGKILL')
      await gone()
    },
    async stop() {
      signal('SIGTERM')
      const stopped = await Promise.race([gone().then(() => true), clock.sleep(STOP_MS).then(() => false)])
      signal('SIGKILL')
      if (!stopped) await gone()
    },
  }
}

/** Below the ports that the system gives to outgoing connections (Linux: 32768 and up): one of those could take the port of a service that is being started again. */
const FIRST_PORT = 15_000
const LAST_PORT = 32_000

/** A port of the loopback interface that was free a moment ago. */
export async function freePort(): Promise<number> {
  for (;;) {
    const random = Number.parseInt(ids.uuid().slice(-8), 16)
    const port = FIRST_PORT + (random % (LAST_PORT - FIRST_PORT))
    if (await canListen(port)) return port
  }
}

function canListen(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
