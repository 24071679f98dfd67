/** Below the picture of the pipeline: what was refused, whether candles agree with trades, and the tables. */
import { bytesText, checkVerdict, count, grouped, type Hop } from '../../figures/pipeline.ts'
import type { StatsAnswer } from '../../figures/rows.ts'
import { ageText, instantText } from '../../figures/times.ts'

export function DeadLetters({ stats }: { readonly stats: StatsAnswer }) {
  return (
    <section aria-labelledby="dead-letters">
      <h2 id="dead-letters">Refused in the last day</h2>
      {stats.dead_letters.length === 0 ? (
        <p class="muted">Nothing.</p>
      ) : (
        <table class="watch">
          <thead>
            <tr>
              <th scope="col">Exchange</th>
              <th scope="col">What was wrong</th>
              <th
                scope="col"
                class="number"
                title="Those too that are no trade, and each repeat: a missing number counts once"
              >
                Records
              </th>
            </tr>
          </thead>
          <tbody>
            {stats.dead_letters.map(({ exchange, error_type, count: records }) => (
              <tr key={`${exchange} ${error_type}`}>
                <td>{exchange}</td>
                <td>{error_type}</td>
                <td class="number">{grouped(records)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
    </section>
  )
}

const CHECK_CLASSES = { good: 'up', bad: 'problem', nothing: 'muted' } as const

export function CandleCheck({ check }: { readonly check: StatsAnswer['candle_check'] }) {
  const { start, end, trades, candles, examples } = check
  const verdict = checkVerdict(check)
  return (
    <section aria-labelledby="candle-check" class="candle-check">
      <h2 id="candle-check">Candles against trades</h2>
      <p>
        {instantText(Date.parse(start)).slice(0, 16)} to {instantText(Date.parse(end)).slice(11, 16)} UTC:{' '}
        {count(candles, 'candle')} of {count(trades, 'trade')},{' '}
        <b class={CHECK_CLASSES[verdict.kind]}>{verdict.text}</b>
      </p>
      <ul>
        {examples.map(({ exchange, symbol, start: at }) => (
          <li key={`${exchange} ${symbol} ${at}`}>
            {exchange} {symbol} {instantText(Date.parse(at))}
          </li>
        ))}
      </ul>
    </section>
  )
}

export function Tables({ hops, since }: { readonly hops: readonly Hop[]; readonly since: number }) {
  return (
    <section aria-labelledby="tables">
      <h2 id="tables">Tables</h2>
      <table class="watch pipeline-tables">
        <thead>
          <tr>
            <th scope="col">Table</th>
            <th scope="col" class="number">
              Rows
            </th>
            <th scope="col" class="number">
              Size
            </th>
            <th scope="col" class="number">
              Committed
            </th>
          </tr>
        </thead>
        <tbody>
          {hops.flatMap(({ tables }) =>
            tables.map(({ table, rows, bytes, ageMs }) => (
              <tr key={table}>
                <th scope="row">{table}</th>
                <td class="number">{grouped(rows)}</td>
                <td class="number">{bytes === null ? '–' : bytesText(bytes)}</td>
                <td class="number">{ageText(ageMs + since)}</td>
              </tr>
            )),
          )}
        </tbody>
      </table>
    </section>
  )
}
