/** Which windows lack trades, as far as the feeds and the repairs of the lake say. */
import { goldLostTimes } from '../../domain/losses.ts'
import type { Ports } from '../../domain/ports.ts'
import { type MissingTime, missingTimes } from '../../tables/feed-gaps.ts'

interface Window {
  readonly exchange: string
  readonly symbol: string
  /** Microseconds since 1970; the end is the start of the next. */
  readonly windowStart: bigint
  readonly windowEnd: bigint
}

/** Whether trades of a window are missing, may be, or could not be read. */
export async function findGaps(ports: Pick<Ports, 'store' | 'state'>): Promise<(window: Window) => boolean> {
  const [missing, lost] = await Promise.all([missingTimes(ports), goldLostTimes(ports.state)])
  const byExchange = Map.groupBy(missing, ({ exchange }) => exchange)
  return ({ exchange, symbol, windowStart, windowEnd }) => {
    const touches = ({ from, to }: Pick<MissingTime, 'from' | 'to'>) => from < windowEnd && to >= windowStart
    const isAbout = (time: MissingTime) => time.symbol === null || time.symbol === symbol
    return lost.some(touches) || (byExchange.get(exchange) ?? []).some(time => isAbout(time) && touches(time))
  }
}
