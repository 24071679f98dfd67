/** The page around the views: its head, its keys, and what is said of the connection. */
import { useEffect, useRef, useState } from 'preact/hooks'
import { access, forgetKey } from '../api/access.ts'
import { loadMarkets, markets } from '../api/markets.ts'
import { AuditView } from '../audit/audit-view.tsx'
import { ChartView } from '../chart/chart-view.tsx'
import { ConnectionsView } from '../connections/connections-view.tsx'
import { CorrectionsView } from '../corrections/corrections-view.tsx'
import { CoverageView } from '../coverage/coverage-view.tsx'
import type { ViewName } from '../model/view-state.ts'
import { PipelineView } from '../pipeline/pipeline-view.tsx'
import { RefusedView } from '../refused/refused-view.tsx'
import { SqlView } from '../sql/sql-view.tsx'
import { useMedia, useStore } from '../store.ts'
import { TablesView } from '../tables/tables-view.tsx'
import { TapeView } from '../tape/tape-view.tsx'
import { QuoteKeeper } from '../watch/quotes.ts'
import { WatchView } from '../watch/watch-view.tsx'
import { show, view } from './address.ts'
import { ConnectionBar, ConnectionSign } from './connection.tsx'
import { Help } from './help.tsx'
import { KeyPrompt } from './key-prompt.tsx'
import { Empty, Failed, Loading } from './notices.tsx'
import { useShortcuts } from './shortcuts.ts'
import { nextTheme, theme } from './theme.ts'

const VIEWS: readonly { readonly name: ViewName; readonly title: string; readonly key: string }[] = [
  { name: 'chart', title: 'Chart', key: 'c' },
  { name: 'markets', title: 'Markets', key: 'm' },
  { name: 'trades', title: 'Trades', key: 't' },
  { name: 'pipeline', title: 'Pipeline', key: 'p' },
  { name: 'coverage', title: 'Coverage', key: 'h' },
  { name: 'refused', title: 'Refused', key: 'f' },
  { name: 'corrections', title: 'Corrections', key: 'l' },
  { name: 'tables', title: 'Tables', key: 'b' },
  { name: 'connections', title: 'Connections', key: 'n' },
  { name: 'audit', title: 'Audit', key: 'u' },
  { name: 'sql', title: 'SQL', key: 'q' },
]
const THEME_SIGNS = { system: '◐', dark: '●', light: '○' } as const

export function App() {
  const { key, refusal } = useStore(access)
  return (
    <>
      {/* With another key everything is asked for again. */}
      <Page key={key ?? ''} isLocked={refusal !== undefined} />
      <KeyPrompt />
    </>
  )
}

function Page({ isLocked }: { readonly isLocked: boolean }) {
  const state = useStore(view)
  const chosen = useStore(theme)
  const known = useStore(markets)
  const { key } = useStore(access)
  const tabs = useRef<HTMLElement>(null)
  const [isHelp, setHelp] = useState(false)
  const current = state.unknown === undefined ? VIEWS.find(({ name }) => name === state.view) : undefined
  const go = (name: ViewName) => show({ ...view.get(), view: name })
  useEffect(() => {
    if (!isLocked) void loadMarkets()
  }, [isLocked])
  const isNarrow = useMedia('(max-width: 999px)')
  useEffect(() => {
    tabs.current?.querySelector('[aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' })
    document.title = `${current?.title ?? 'No such view'} · tradelake`
  }, [current, isNarrow])
  useShortcuts('Page', [
    ...VIEWS.map(({ name, title, key: letter }) => ({
      ...{ keys: [letter], label: letter, does: title, run: () => go(name) },
    })),
    { keys: ['d'], label: 'd', does: 'dark, light, or as the system has it', run: nextTheme },
    { keys: ['?'], label: '?', does: 'these keys', run: () => setHelp(true) },
  ])
  return (
    <>
      <header class="head">
        <button type="button" class="skip" onClick={() => document.getElementById('main')?.focus()}>
          To the {current?.name ?? 'views'}
        </button>
        <h1>tradelake</h1>
        <nav aria-label="Views" ref={tabs}>
          {VIEWS.map(({ name, title, key: letter }) => (
            <button
              key={name}
              type="button"
              class="tab"
              aria-current={current?.name === name ? 'page' : undefined}
              onClick={() => go(name)}
              title={`Key: ${letter}`}
            >
              {title}
            </button>
          ))}
        </nav>
        <div class="head-end">
          <ConnectionSign isStill={state.view === 'chart' && state.chart.asOf !== undefined} />
          {key !== undefined && (
            <button type="button" class="plain" onClick={forgetKey} title="Forgets the key of this tab">
              Lock
            </button>
          )}
          <button
            type="button"
            class="plain icon"
            onClick={nextTheme}
            aria-label={`Theme: ${chosen}`}
            title={`Theme: ${chosen} (d)`}
          >
            {THEME_SIGNS[chosen]}
          </button>
          <button type="button" class="plain icon" onClick={() => setHelp(true)} aria-label="Keys" title="Keys (?)">
            ?
          </button>
        </div>
      </header>
      {!isLocked && known.phase === 'ready' && <QuoteKeeper />}
      <ConnectionBar />
      <main id="main" tabIndex={-1} class={`view view-${state.view}`}>
        {isLocked ? (
          <Loading what="Waiting for a key." />
        ) : state.unknown !== undefined ? (
          <Empty title={`There is no view “${state.unknown}”`}>
            The views are {VIEWS.map(({ title }) => title).join(', ')}: choose one above, or by its key (?).
          </Empty>
        ) : state.view === 'pipeline' ? (
          <PipelineView />
        ) : state.view === 'coverage' ? (
          <CoverageView chosen={state.coverage} />
        ) : state.view === 'refused' ? (
          <RefusedView {...state.refused} />
        ) : state.view === 'corrections' ? (
          <CorrectionsView range={state.corrections} />
        ) : state.view === 'tables' ? (
          <TablesView />
        ) : state.view === 'connections' ? (
          <ConnectionsView />
        ) : state.view === 'audit' ? (
          <AuditView />
        ) : state.view === 'sql' ? (
          <SqlView query={state.sql} />
        ) : known.phase === 'loading' ? (
          <Loading what="Asking which markets there are…" />
        ) : known.phase === 'failed' ? (
          <Failed title="The markets could not be read" reason={known.reason} retry={() => void loadMarkets()} />
        ) : state.view === 'chart' ? (
          <ChartView markets={known.markets} state={state.chart} />
        ) : state.view === 'markets' ? (
          <WatchView markets={known.markets} />
        ) : (
          <TapeView markets={known.markets} chosen={state.tape} />
        )}
      </main>
      {isHelp && <Help close={() => setHelp(false)} />}
    </>
  )
}
