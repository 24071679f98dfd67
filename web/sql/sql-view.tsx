/** Queries in SQL over the lake, read only: the answer as a table and as lines, what was asked before, and a way to end what takes long. */
import { useEffect, useRef, useState } from 'preact/hooks'
import type { TableRow } from '../../figures/operator-rows.ts'
import { count } from '../../figures/pipeline.ts'
import { usePolled } from '../api/polled.ts'
import { ask, askRows, reasonOf } from '../api/requests.ts'
import { download, now, pageMemory } from '../browser.ts'
import { csvOf, historyIn, linesOf, remembered, type SqlAnswer } from '../model/sql.ts'
import { show, view } from '../shell/address.ts'
import { useShortcuts } from '../shell/shortcuts.ts'
import { useNow } from '../store.ts'
import { LinesChart } from './lines-chart.tsx'
import { ResultTable } from './result-table.tsx'

const HISTORY = 'tradelake sql'
const MOST_ROWS = 1_000
/** A server takes 16 KiB of address and headers. */
const MOST_BYTES = 15_000
const EXAMPLES = [
  'SELECT exchange, symbol, count(*) AS trades, sum(price * quantity) AS turnover\nFROM gold_crypto_trades\nGROUP BY ALL ORDER BY trades DESC',
  "SELECT window_start, symbol, close_price\nFROM gold_ohlcv_1m\nWHERE exchange = 'BINANCE' AND window_start > now() - INTERVAL 2 HOURS\nORDER BY window_start",
  'SELECT error_type, count(*) AS records, max(error_timestamp) AS newest\nFROM silver_dlq_trades\nGROUP BY ALL',
  'DESCRIBE gold_crypto_trades',
]

type Asked =
  | { readonly phase: 'none' }
  | { readonly phase: 'running'; readonly sinceMs: number; readonly over: AbortController }
  | { readonly phase: 'failed'; readonly reason: string }
  | { readonly phase: 'cancelled' }
  | { readonly phase: 'answered'; readonly answer: SqlAnswer }

export function SqlView({ query }: { readonly query: string | undefined }) {
  const [text, setText] = useState(query ?? '')
  const [asked, setAsked] = useState<Asked>({ phase: 'none' })
  const [history, setHistory] = useState(() => historyIn(pageMemory.read(HISTORY)))
  const [isDrawn, setDrawn] = useState(false)
  const field = useRef<HTMLTextAreaElement>(null)
  const { answer: tables } = usePolled('', signal => askRows<TableRow>('tables', {}, signal), Number.POSITIVE_INFINITY)
  const shown = useRef<string | undefined>(undefined)
  const running = useRef<AbortController | undefined>(undefined)

  async function run(sql: string): Promise<void> {
    running.current?.abort()
    if (sql.trim() === '') return setAsked({ phase: 'none' })
    // It goes in the address, where other letters than ASCII's take several bytes.
    if (encodeURIComponent(sql).length > MOST_BYTES)
      return setAsked({ phase: 'failed', reason: 'The query is too long: tradelake sql takes any.' })
    const over = new AbortController()
    running.current = over
    setAsked({ phase: 'running', sinceMs: now(), over })
    show({ ...view.get(), sql })
    const list = remembered(history, sql)
    setHistory(list)
    pageMemory.write(HISTORY, JSON.stringify(list))
    try {
      const answer = (await (await ask('sql', { query: sql, limit: MOST_ROWS }, over.signal)).json()) as SqlAnswer
      if (!over.signal.aborted) setAsked({ phase: 'answered', answer })
    } catch (error) {
      if (running.current === over)
        setAsked(over.signal.aborted ? { phase: 'cancelled' } : { phase: 'failed', reason: reasonOf(error) })
    }
  }
  const cancel = () => running.current?.abort()
  /** What stands in the field: it may be newer than what was drawn last. */
  const runWritten = () => {
    const sql = field.current?.value ?? ''
    shown.current = sql
    void run(sql)
  }
  const edit = (sql: string) => {
    setText(sql)
    field.current?.focus()
  }
  // A link brings its query, and the browser's back button the one before.
  useEffect(() => {
    if (query === undefined || query === shown.current) return
    shown.current = query
    setText(query)
    void run(query)
  }, [query])
  useEffect(() => cancel, [])
  useShortcuts('SQL', [
    { keys: ['/', 'e'], label: '/ e', does: 'write a query', run: () => field.current?.focus() },
    { keys: [], label: 'Ctrl Enter', does: 'in the query: runs it', run: () => {} },
    { keys: ['r'], label: 'r', does: 'run it again', run: runWritten },
    { keys: ['x'], label: 'x', does: 'end the query that runs', run: cancel },
    { keys: ['g'], label: 'g', does: 'as lines, or as a table', run: () => setDrawn(!isDrawn) },
  ])
  const answer = asked.phase === 'answered' ? asked.answer : undefined
  const drawn = answer && linesOf(answer)
  return (
    <div class="page sql">
      <form
        class="sql-ask"
        onSubmit={event => {
          event.preventDefault()
          runWritten()
        }}
      >
        <label for="sql-query">Query</label>
        <textarea
          id="sql-query"
          ref={field}
          value={text}
          rows={6}
          spellcheck={false}
          placeholder="SELECT …"
          onInput={event => setText(event.currentTarget.value)}
          onKeyDown={event => {
            if (event.key !== 'Enter' || !(event.ctrlKey || event.metaKey)) return
            event.preventDefault()
            event.currentTarget.form?.requestSubmit()
          }}
        />
        <div class="controls">
          <button type="submit" title="Runs the query (Ctrl Enter)">
            Run
          </button>
          {asked.phase === 'running' && (
            <button type="button" onClick={cancel} title="Ends the query (x)">
              Cancel
            </button>
          )}
          {answer && answer.rows.length > 0 && (
            <>
              <button
                type="button"
                aria-pressed={isDrawn}
                disabled={!drawn}
                onClick={() => setDrawn(!isDrawn)}
                title={drawn ? 'As lines, or as a table (g)' : 'Lines need times or numbers, and numbers to draw.'}
              >
                Lines
              </button>
              <button type="button" onClick={() => download('query.csv', new Blob([csvOf(answer)]))}>
                CSV
              </button>
            </>
          )}
          <Progress asked={asked} />
        </div>
      </form>
      {asked.phase === 'failed' && (
        <p class="problem" role="alert">
          {asked.reason}
        </p>
      )}
      {answer && answer.hints.length > 0 && (
        <ul class="hint">
          {answer.hints.map(hint => (
            <li key={hint}>{hint}</li>
          ))}
        </ul>
      )}
      {answer && (isDrawn && drawn ? <LinesChart drawn={drawn} /> : <ResultTable answer={answer} />)}
      <Choices title="Tables" choices={(tables ?? []).map(({ table }) => `DESCRIBE ${table}`)} choose={edit} />
      <Choices title="Asked before" choices={history} choose={edit} />
      <Choices title="Examples" choices={EXAMPLES} choose={edit} isOpen={history.length === 0} />
    </div>
  )
}

/** What is going on, or how it ended. */
function Progress({ asked }: { readonly asked: Asked }) {
  const time = useNow()
  const seconds = asked.phase === 'running' ? Math.max(0, Math.round((time - asked.sinceMs) / 1000)) : 0
  return (
    <span class="muted" role="status">
      {asked.phase === 'running' && `running for ${seconds} s…`}
      {asked.phase === 'cancelled' && 'The query was ended.'}
      {asked.phase === 'answered' && answerText(asked.answer)}
    </span>
  )
}

function answerText({ rows, more, milliseconds }: SqlAnswer): string {
  const found = count(rows.length, 'row')
  return `${more ? `the first ${found}: there are more` : found}, in ${milliseconds.toLocaleString('en-US')} ms`
}

interface ChoicesProps {
  readonly title: string
  readonly choices: readonly string[]
  readonly choose: (query: string) => void
  readonly isOpen?: boolean
}

function Choices({ title, choices, choose, isOpen = false }: ChoicesProps) {
  if (choices.length === 0) return null
  return (
    <details open={isOpen}>
      <summary>
        {title} <span class="muted">{choices.length}</span>
      </summary>
      <ul class="sql-choices">
        {choices.map(query => (
          <li key={query}>
            <button type="button" class="plain" onClick={() => choose(query)}>
              <code>{query}</code>
            </button>
          </li>
        ))}
      </ul>
    </details>
  )
}
