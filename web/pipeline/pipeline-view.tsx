/** The pipeline as one picture: from the exchanges' feeds through every stage to candles, with what waits, how fast it goes and what is amiss. */
import { useEffect } from 'preact/hooks'
import { MEANINGS, type Reason } from '../../figures/coverage.ts'
import { count, grouped, type Hop, LATE_MS, pipelineOf } from '../../figures/pipeline.ts'
import type { StatsAnswer } from '../../figures/rows.ts'
import { ageText, instantText, lengthText } from '../../figures/times.ts'
import { hashOf } from '../model/view-state.ts'
import { view } from '../shell/address.ts'
import { Empty, Failed, Loading } from '../shell/notices.tsx'
import { useShortcuts } from '../shell/shortcuts.ts'
import { useNow, useStore } from '../store.ts'
import { CandleCheck, DeadLetters, Tables } from './details.tsx'
import { stats as poller } from './stats.ts'

const LEADS = { refused: 'Which they are', connections: 'The connections' } as const
const UNITS = { Bronze: 'message', Silver: 'trade', DLQ: 'record', Gold: 'trade', Candles: 'candle' } as const

export function PipelineView() {
  const { answer: stats, before, atMs, problem } = useStore(poller.state)
  const time = useNow()
  useEffect(() => poller.follow(), [])
  useShortcuts('Pipeline', [
    { keys: ['r'], label: 'r', does: 'ask for the figures now', run: () => void poller.look() },
  ])
  if (!stats)
    return problem === undefined ? (
      <Loading what="Asking how the lake is…" />
    ) : (
      <Failed title="How the lake is could not be read" reason={problem} retry={() => void poller.look()} />
    )
  if (stats.tables.length === 0)
    return (
      <Empty title="Nothing has come yet">
        The pipeline is drawn with the first commit. <code>tradelake start</code> reads a market.
      </Empty>
    )
  const { hops, alarms } = pipelineOf(stats, before)
  const since = Math.max(0, time - atMs)
  const isFirst = before === undefined
  const hop = (name: Hop['name']) => hops.filter(each => each.name === name)
  return (
    <div class="page pipeline">
      <p class="pipeline-head">
        <span>
          As of {instantText(Date.parse(stats.time))} UTC,{' '}
          <span class={since > LATE_MS ? 'late' : ''}>{ageText(since)}</span>
        </span>
        <button type="button" onClick={() => void poller.look()} title="Ask now (r)">
          Ask now
        </button>
      </p>
      {problem !== undefined && (
        <p class="problem" role="alert">
          No newer figures: {problem}
        </p>
      )}
      <div class={`alarms ${alarms.length > 0 ? 'alarms-some' : ''}`} role="status">
        {alarms.length === 0 ? (
          <p>All is well.</p>
        ) : (
          alarms.map(({ text, view: leads }) => (
            <p key={text}>
              {text} {leads !== 'pipeline' && <a href={hashOf({ ...view.get(), view: leads })}>{LEADS[leads]}</a>}
            </p>
          ))
        )}
      </div>
      <ol class="hops" aria-label="The pipeline, from the feeds to candles">
        <Feeds stats={stats} since={since} />
        {hop('Bronze').map(each => (
          <Station key={each.name} hop={each} {...{ since, isFirst }} />
        ))}
        <li class="hop-pair">
          <ul aria-label="Silver takes what is right, the DLQ what is refused">
            {[...hop('Silver'), ...hop('DLQ')].map(each => (
              <Station key={each.name} hop={each} {...{ since, isFirst }} />
            ))}
          </ul>
        </li>
        {[...hop('Gold'), ...hop('Candles')].map(each => (
          <Station key={each.name} hop={each} {...{ since, isFirst }} />
        ))}
      </ol>
      <div class="pipeline-more">
        <DeadLetters stats={stats} />
        <CandleCheck check={stats.candle_check} />
        <Tables hops={hops} since={since} />
      </div>
    </div>
  )
}

function Feeds({ stats, since }: { readonly stats: StatsAnswer; readonly since: number }) {
  const { open, lost, unreadable } = stats.feeds
  return (
    <li class="hop hop-Feeds">
      <h2>Feeds</h2>
      <dl>
        {stats.exchanges.map(({ exchange, markets, age_seconds }) => {
          const age = age_seconds * 1000 + since
          return (
            <div key={exchange} title={count(markets, 'market')}>
              <dt>{exchange}</dt>
              <dd class={age > LATE_MS ? 'late' : ''}>{ageText(age)}</dd>
            </div>
          )
        })}
        <Missing reason="sought" trades={open} isBad={false} />
        <Missing reason="lost" trades={lost} isBad />
        <Missing reason="unreadable" trades={unreadable} isBad />
      </dl>
    </li>
  )
}

interface MissingProps {
  readonly reason: Reason
  readonly trades: number
  readonly isBad: boolean
}

/** What feeds have left open, whenever that was. */
function Missing({ reason, trades, isBad }: MissingProps) {
  return (
    <div
      title={`${reason}: ${MEANINGS[reason]}, as feeds reported it, whenever that was; Coverage counts what is missing still`}
    >
      <dt>{reason}</dt>
      <dd class={trades > 0 ? (isBad ? 'problem' : 'late') : ''}>{count(trades, 'trade')}</dd>
    </div>
  )
}

interface StationProps {
  readonly hop: Hop
  readonly since: number
  /** Whether there is no answer before this one, so that no rate is known yet. */
  readonly isFirst: boolean
}

function Station({ hop, since, isFirst }: StationProps) {
  const { name, rows, rate, waiting, lagMs, committedMs } = hop
  const unit = UNITS[name]
  return (
    <li class={`hop hop-${name} ${lagMs > LATE_MS ? 'hop-late' : ''}`}>
      <h2>{name}</h2>
      <p class="hop-rate">
        {isFirst ? (
          <span class="unit" title="A rate is what came between two answers: the second one is on its way">
            measuring…
          </span>
        ) : (
          <>
            {rate === undefined ? <span class="muted">–</span> : rate.toFixed(1)} <span class="unit">{unit}s/s</span>
          </>
        )}
      </p>
      <dl>
        <div>
          <dt>waiting</dt>
          <dd>{waiting === 0 ? 'nothing' : count(waiting, 'batch')}</dd>
        </div>
        <div>
          <dt>lag</dt>
          <dd class={lagMs > LATE_MS ? 'late' : ''}>{waiting === 0 ? 'none' : lengthText(lagMs)}</dd>
        </div>
        <div>
          <dt>committed</dt>
          <dd>{committedMs === undefined ? 'never' : ageText(committedMs + since)}</dd>
        </div>
        <div>
          <dt title={name === 'Candles' ? 'Of one minute' : undefined}>
            {name === 'Candles' ? '1m candles' : `${unit}s`}
          </dt>
          <dd>{grouped(rows)}</dd>
        </div>
      </dl>
    </li>
  )
}
