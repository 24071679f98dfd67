/**
 * Kraken's WebSockets v1: trades as arrays without ids, assets by Kraken's own names.
 * Source: Kraken "Spot WebSockets v1" (docs.kraken.com), and recordings: no snapshot follows a subscription.
 */
import { writeAmount } from './amounts.ts'
import { findPair, type Pair } from './kraken-pairs.ts'
import type { MarketTrade } from './market.ts'
import { secondsTime } from './times.ts'
import type { Book, Line, Talk } from './types.ts'

const HEARTBEAT_MS = 1_000
const PRICE_DIGITS = 5

export function krakenV1(_: Book, pairs: readonly Pair[], line: Line, connection: number): Talk {
  /** Numbers of the pairs. */
  const subscribed = new Set<number>()

  // The texts serve as the trade's id, so they are always written the same way.
  const entry = ({ price, quantity, timestamp, side, id }: MarketTrade) =>
    `["${writeAmount(price, PRICE_DIGITS)}","${writeAmount(quantity, 8)}","${secondsTime(timestamp)}","${side === 'BUY' ? 'b' : 's'}","${id % 3 === 0 ? 'l' : 'm'}",""]`
  const channelOf = (number: number) => 101 + 16 * number
  const frame = (number: number, trades: readonly MarketTrade[]) =>
    `[${channelOf(number)},[${trades.map(entry).join(',')}],"trade","${pairs[number].v1}"]`
  const status = (system: string) =>
    `{"connectionID":${connection},"event":"systemStatus","status":"${system}","version":"1.9.1"}`

  function change(event: string, name: unknown, reqid: unknown): string {
    const pair = findPair(pairs, name)
    const about = { event: 'subscriptionStatus', pair: pair?.v1 ?? name, reqid }
    const subscription = { name: 'trade' }
    if (!pair) {
      const errorMessage = `Currency pair not supported ${name}`
      return JSON.stringify({ errorMessage, ...about, status: 'error', subscription })
    }
    if (event === 'subscribe') subscribed.add(pair.number)
    else subscribed.delete(pair.number)
    const channel = { channelID: channelOf(pair.number), channelName: 'trade' }
    return JSON.stringify({ ...channel, ...about, status: `${event}d`, subscription })
  }

  /** The replies to a message. */
  function answer(text: string): string[] {
    let message: Record<string, unknown>
    try {
      message = JSON.parse(text)
    } catch {
      return ['{"errorMessage":"Malformed request","event":"error"}']
    }
    const { event, pair, subscription, reqid } = message
    const fail = (errorMessage: string) => [JSON.stringify({ errorMessage, event: 'error', reqid })]
    if (event === 'ping') return [JSON.stringify({ event: 'pong', reqid })]
    if (event !== 'subscribe' && event !== 'unsubscribe') return fail('Unsupported event')
    if ((subscription as { name?: unknown } | undefined)?.name !== 'trade') return fail('Subscription name invalid')
    if (!Array.isArray(pair) || pair.length === 0) return fail('Pair field must be an array')
    return pair.map(name => change(event, name, reqid))
  }

  function beat(): void {
    if (subscribed.size > 0) line.send('{"event":"heartbeat"}')
    line.after(HEARTBEAT_MS, beat)
  }

  line.send(status('online'))
  line.after(HEARTBEAT_MS, beat)
  return {
    receive(text) {
      for (const reply of answer(text)) line.send(reply)
    },
    frames(trades) {
      const wanted = trades.filter(({ number }) => subscribed.has(number))
      return [...Map.groupBy(wanted, ({ number }) => number)].map(([number, group]) => frame(number, group))
    },
    malformedFrame: trade => frame(trade.number, [trade]).replace(/\[\["[^"]*"/, '[[null'),
    errorFrame: () => '{"errorMessage":"Exceeded msg rate","event":"error"}',
    unknownFrame: () => '{"event":"announcement","text":"scheduled maintenance"}',
    shutdownNotice: () => status('maintenance'),
  }
}
