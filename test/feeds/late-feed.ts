/** A feed that comes late to its market, so that it has much to fetch; and what its process lacks in the end. */
import type { HttpReply } from '../../domain/feed-ports.ts'
import { FEED_GAPS_TOPIC } from '../../domain/names.ts'
import { decodeTrade } from './decode-trade.ts'
import { createRig, type Rig, type RigOptions, START_MS } from './rig.ts'

export const SECOND = 1_000
export const MINUTE = 60 * SECOND
export const HOUR = 60 * MINUTE
export const BINANCE = { name: 'binance', code: 'BINANCE' } as const

export const idsOf = (rig: Rig) =>
  rig.records.filter(({ topic }) => topic !== FEED_GAPS_TOPIC).map(({ value }) => decodeTrade(value).tradeId)

export const traded = (rig: Rig, symbol: string) =>
  rig.simulator.exchanges[0]
    .trades()
    .obtainable.filter(trade => trade.symbol === symbol)
    .map(({ tradeId }) => tradeId)

/** What Kafka does not have of what was traded, by the processes together. */
export function lacks(symbol: string, ...rigs: Rig[]): string[] {
  const got = new Set(rigs.flatMap(idsOf))
  return traded(rigs[0], symbol).filter(id => !got.has(id))
}

export const statuses = (rig: Rig) => rig.gaps().flatMap(({ kind, status }) => (kind === 'disconnect' ? [] : [status]))

export interface Asked {
  readonly at: number
  readonly path: string
}

/** A feed that comes this long after the market began, with its requests; `answer` may answer in the exchange's place. */
export function late(
  milliseconds: number,
  options: Partial<RigOptions> & { answer?: (asked: Asked, past: Asked[]) => HttpReply | Error | undefined } = {},
) {
  const asked: Asked[] = []
  const rig: Rig = createRig({
    exchange: BINANCE,
    symbols: ['BTCUSDT'],
    fromTheFirst: true,
    ...options,
    http: exchange => ({
      async get(url) {
        const one = { at: rig.timers.now() - START_MS, path: url.replace(/^https?:\/\//, '') }
        // The clock is compared with requests of its own.
        if (/\/time$/i.test(url)) return exchange.get(url)
        const answer = options.answer?.(one, asked)
        asked.push(one)
        if (answer instanceof Error) throw answer
        return answer ?? exchange.get(url)
      },
    }),
  })
  const arrive = async () => {
    await rig.timers.advance(milliseconds)
    await rig.feed.start()
  }
  return { rig, asked, arrive }
}
