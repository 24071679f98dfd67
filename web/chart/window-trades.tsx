/** The trades that a window was made of, the oldest first, and all of them as a file. */
import { useEffect, useState } from 'preact/hooks'
import { readable } from '../../figures/decimals.ts'
import { grouped } from '../../figures/pipeline.ts'
import { type MarketRow, marketName, type TradeRow } from '../../figures/rows.ts'
import { instantText, timeOfDay } from '../../figures/times.ts'
import { ask, askPage, reasonOf } from '../api/requests.ts'
import { download } from '../browser.ts'
import type { Candle } from '../model/candle-book.ts'
import { Dialog } from '../shell/dialog.tsx'

type Trades =
  | { readonly phase: 'loading' }
  | { readonly phase: 'failed'; readonly reason: string }
  | { readonly phase: 'ready'; readonly rows: readonly TradeRow[]; readonly isMore: boolean }

const MOST_SHOWN = 500

export interface WindowTradesProps {
  readonly market: MarketRow
  readonly candle: Candle
  readonly asOf: string | undefined
  /** Digits after the point that prices have at least. */
  readonly digits: number
  readonly close: () => void
}

export function WindowTrades({ market, candle, asOf, digits, close }: WindowTradesProps) {
  const [trades, setTrades] = useState<Trades>({ phase: 'loading' })
  const [said, setSaid] = useState('')
  const { exchange: exchanges, symbol: symbols, start, end } = candle
  const asked = { exchanges, symbols, start, end, as_of: asOf }
  useEffect(() => {
    const over = new AbortController()
    askPage<TradeRow>('trades', { ...asked, limit: MOST_SHOWN }, over.signal).then(
      ({ data, next }) => setTrades({ phase: 'ready', rows: data, isMore: next !== null }),
      error => {
        if (!over.signal.aborted) setTrades({ phase: 'failed', reason: reasonOf(error) })
      },
    )
    return () => over.abort()
  }, [exchanges, symbols, start, end, asOf])
  async function save(): Promise<void> {
    setSaid('…')
    try {
      const answer = await ask('trades', { ...asked, limit: 'all', format: 'csv' })
      download(`${exchanges}-${symbols}-trades-${start.slice(0, 16).replace(':', '')}.csv`, await answer.blob())
      setSaid('The CSV is saved.')
    } catch (error) {
      setSaid(`The CSV could not be made: ${reasonOf(error)}`)
    }
  }
  const [from, to] = [instantText(Date.parse(start)).slice(0, 16), instantText(Date.parse(end)).slice(11, 16)]
  return (
    <Dialog title={`Trades of ${marketName(market)}, ${from} to ${to} UTC`} close={close}>
      {trades.phase === 'loading' && <p role="status">Reading them…</p>}
      {trades.phase === 'failed' && (
        <p class="problem" role="alert">
          They could not be read: {trades.reason}
        </p>
      )}
      {trades.phase === 'ready' && (
        <>
          <p class="hint">
            {trades.isMore
              ? `The first ${MOST_SHOWN} of ${candle.trades === null ? 'more' : grouped(candle.trades)}; the CSV has all.`
              : `All ${grouped(trades.rows.length)}, the oldest first.`}
          </p>
          <button type="button" onClick={() => void save()}>
            CSV of all
          </button>
          <p class="hint" role="status">
            {said}
          </p>
          <table class="watch window-trades">
            <thead>
              <tr>
                <th scope="col">Time, UTC</th>
                <th scope="col" class="number">
                  Price, {market.quote}
                </th>
                <th scope="col" class="number">
                  Quantity, {market.base}
                </th>
                <th scope="col">Taker</th>
              </tr>
            </thead>
            <tbody>
              {trades.rows.map(({ id, time, price, quantity, side }) => (
                <tr key={`${id} ${time}`} title={id}>
                  <td>{timeOfDay(time)}</td>
                  <td class="number">{readable(price, digits)}</td>
                  <td class="number">{readable(quantity)}</td>
                  <td class={side === 'BUY' ? 'up' : side === 'SELL' ? 'down' : ''}>
                    {side === 'BUY' ? '▲ bought' : side === 'SELL' ? '▼ sold' : '–'}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </Dialog>
  )
}
