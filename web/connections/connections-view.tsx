/** The connections to exchanges: which stand, how often and why they ended, and how long there was none. */
import { useState } from 'preact/hooks'
import type { FeedsAnswer, OutageRow } from '../../figures/operator-rows.ts'
import { RANGES } from '../../figures/times.ts'
import { usePolled } from '../api/polled.ts'
import { ask, askRows } from '../api/requests.ts'
import { now } from '../browser.ts'
import { Asked } from '../shell/asked.tsx'
import { Failed, Loading } from '../shell/notices.tsx'
import { Segments } from '../shell/segments.tsx'
import { useShortcuts } from '../shell/shortcuts.ts'
import { FeedTable } from './feed-table.tsx'
import { Outages } from './outages.tsx'

const EVERY_MS = 10_000
const SHOWN = RANGES.filter(({ name }) => name !== '6h')

export function ConnectionsView() {
  const [range, setRange] = useState(SHOWN.find(({ name }) => name === '1d') ?? SHOWN[0])
  const { look, ...asked } = usePolled(
    range.name,
    async signal => {
      const start = new Date(now() - range.ms).toISOString()
      const [feeds, outages] = await Promise.all([
        ask('feeds', {}, signal).then(answer => answer.json() as Promise<FeedsAnswer>),
        askRows<OutageRow>('outages', { start }, signal),
      ])
      return { feeds, outages }
    },
    EVERY_MS,
  )
  const step = (places: number) => setRange(SHOWN[SHOWN.indexOf(range) + places] ?? range)
  useShortcuts('Connections', [
    { keys: ['['], label: '[', does: 'a shorter range of outages', run: () => step(-1) },
    { keys: [']'], label: ']', does: 'a longer one', run: () => step(1) },
    { keys: ['r'], label: 'r', does: 'ask again', run: look },
  ])
  const { answer } = asked
  if (!answer)
    return asked.problem === undefined ? (
      <Loading what="Asking for the connections…" />
    ) : (
      <Failed title="The connections could not be read" reason={asked.problem} retry={look} />
    )
  return (
    <div class="page connections">
      <div class="controls">
        <h2>Now</h2>
        <Asked {...asked} look={look} />
      </div>
      {!answer.feeds.here ? (
        <p class="hint">
          No feed runs in this server, so it cannot know the connections of now: <code>tradelake start</code> keeps some
          and shows them here, and a feed of its own tells them at its <code>/metrics</code>. What feeds reported is
          below.
        </p>
      ) : answer.feeds.feeds.length === 0 ? (
        <p class="hint">The feeds of this server are about to begin, or have ended.</p>
      ) : (
        <FeedTable feeds={answer.feeds.feeds} atMs={asked.atMs} />
      )}
      <div class="controls">
        <h2>Without a connection</h2>
        <Segments
          legend="Range of outages"
          choices={SHOWN}
          titleOf={({ name }) => `The last ${name}`}
          isChosen={each => each === range}
          choose={setRange}
        />
      </div>
      <Outages outages={answer.outages} range={range.name} />
    </div>
  )
}
