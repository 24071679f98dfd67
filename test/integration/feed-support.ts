/** A simulated Binance on a real port, and `tradelake feed` as a process of its own. */
import { systemTimers } from '../../adapters/system.ts'
import { EXCHANGES } from '../../domain/exchanges.ts'
import type { Trade } from '../../domain/trade.ts'
import { MARKETS } from '../../feeds/simulator/instruments.ts'
import { startServer } from '../../feeds/simulator/server.ts'
import { createSimulator } from '../../feeds/simulator/simulator.ts'
import type { FaultKind } from '../../feeds/simulator/types.ts'
import { type Running, startCommand } from '../cli/support.ts'

export const SYMBOLS = MARKETS.binance.instruments.map(({ symbol }) => symbol)
export const pause = (milliseconds: number) => new Promise(resolve => setTimeout(resolve, milliseconds))

export interface Binance {
  readonly ws: string
  readonly http: string
  addFault(at: number, fault: FaultKind): void
  trades(): { readonly obtainable: Trade[]; readonly lost: Trade[] }
  close(): Promise<void>
}

/** Trading begins at a time, milliseconds since 1970. */
export async function startBinance(startMs: number, ratePerSecond: number): Promise<Binance> {
  const simulator = createSimulator({
    seed: 5,
    startMicros: BigInt(startMs) * 1000n,
    ratePerSecond: ratePerSecond / MARKETS.binance.share,
    timers: systemTimers(),
    exchanges: EXCHANGES.filter(({ name }) => name === 'binance'),
  })
  const server = await startServer({ exchanges: simulator.exchanges, port: 0 })
  return {
    ws: server.address('ws', 'binance'),
    http: server.address('http', 'binance'),
    addFault: (at, fault) => simulator.addFault({ exchange: 'binance', at, ...fault }),
    trades: () => simulator.exchanges[0].trades(),
    async close() {
      simulator.stop()
      await server.close()
    },
  }
}

export interface FeedStatus {
  readonly healthy: boolean
  readonly ready: boolean
  readonly missingTrades: number
  readonly spillBytes: number
  readonly problems: readonly string[]
}

export interface FeedProcess extends Running {
  /** An answer's status and body; undefined where no answer comes. */
  get(path: string): Promise<{ readonly status: number; readonly body: string } | undefined>
  /** Asks /readyz until it is as wanted. @throws Error where that takes too long, or the process has ended */
  until(what: string, wanted: (status: FeedStatus) => boolean, milliseconds?: number): Promise<FeedStatus>
  kill(): Promise<void>
}

export function feedWords(options: Readonly<Record<string, string | number | true>>): string[] {
  const words = Object.entries(options).flatMap(([name, value]) =>
    value === true ? [`--${name}`] : [`--${name}`, `${value}`],
  )
  return ['feed', '--exchange', 'binance', '--symbols', SYMBOLS.join(','), ...words]
}

export function startFeed(port: number, options: Readonly<Record<string, string | number | true>>): FeedProcess {
  const running = startCommand(...feedWords({ port, ...options }))
  async function get(path: string) {
    const reply = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined)
    return reply && { status: reply.status, body: await reply.text() }
  }
  return {
    ...running,
    get,
    async until(what, wanted, milliseconds = 120_000) {
      let last: unknown
      for (const end = Date.now() + milliseconds; Date.now() < end; await pause(100)) {
        if (running.child.exitCode !== null) throw new Error(`The feed ended: ${(await running.finished).stderr}`)
        const reply = await get('/readyz')
        if (!reply) continue
        const status = JSON.parse(reply.body) as FeedStatus
        last = status
        if (wanted(status)) return status
      }
      throw new Error(`Not ${what} after ${milliseconds} ms: ${JSON.stringify(last)}`)
    },
    async kill() {
      process.kill(-(running.child.pid as number), 'SIGKILL')
      await running.finished
    },
  }
}
