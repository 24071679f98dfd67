/** What a request wants of the markets: trades, candles of some windows, or both. */
import type { Windows } from '../../domain/windows.ts'
import type { Parameters } from '../market/parameters.ts'
import { problem } from '../market/problems.ts'

/** By `channels` and `timeframe`; trades where neither is given. @throws Problem 400 */
export function channelsIn(read: Parameters): { readonly isTrades: boolean; readonly windows: readonly Windows[] } {
  const named = read.text('channels')?.split(',')
  const channels = named ?? (read.text('timeframe') === undefined ? ['trades'] : ['trades', 'candles'])
  const wrong = channels.find(channel => channel !== 'trades' && channel !== 'candles')
  if (wrong !== undefined)
    throw problem(400, `channels is ${wrong}: give trades, candles, or trades,candles.`, 'channels')
  if (!channels.includes('candles') && read.text('timeframe') !== undefined)
    throw problem(400, 'timeframe is of candles: give channels=trades,candles, or leave one of them out.', 'timeframe')
  return {
    isTrades: channels.includes('trades'),
    windows: channels.includes('candles') ? read.windows('timeframe', '1m') : [],
  }
}
