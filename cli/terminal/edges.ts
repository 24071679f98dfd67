/** What stands around the body of a screen: whose it is, the views, what is amiss; and at the foot what is left out, and the keys. Pure. */
import { instantProblem, lengthText, parseInstant } from '../../figures/times.ts'
import type { Drawn, Screen } from './keys.ts'
import type { Seen } from './seen.ts'
import type { Order } from './table.ts'
import {
  apart,
  cut,
  cutLine,
  dim,
  harmless,
  type Line,
  type Look,
  lineWidth,
  plain,
  type Size,
  signsOf,
} from './text.ts'
import { stillMs } from './views/pipeline.ts'
import { notesIn, TITLES, VIEWS, type ViewName } from './views/views.ts'

export function titleLine(seen: Seen, width: number, look: Look): Line {
  const left: Line = [{ text: 'tradelake', tone: 'bold' }, plain(` ${harmless(seen.place, look)}`)]
  return apart(left, connectionIn(seen, look), width, look)
}

function connectionIn(seen: Seen, look: Look): Line {
  const { connection, nowMs } = seen
  const { dot } = signsOf(look)
  switch (connection.kind) {
    case 'live':
      return [
        { text: `${dot} live`, tone: stillMs(seen) === undefined ? 'good' : 'late' },
        dim(` ${new Date(nowMs).toISOString().slice(11, 19)} UTC`),
      ]
    case 'connecting':
      return [{ text: `${dot} connecting`, tone: 'late' }]
    case 'locked':
      return [{ text: `${dot} a key is needed`, tone: 'bad' }]
    case 'broken':
      return [
        {
          text: `${dot} broken for ${lengthText(Math.floor(Math.max(0, nowMs - connection.sinceMs) / 1000) * 1000).replace('.0', '')}`,
          tone: 'bad',
        },
      ]
  }
}

export function tabsLine({ view }: Screen, width: number, look: Look): Line {
  const tabs = (titleOf: (name: ViewName) => string, gap: string, pad: string, padOfOthers: string): Line =>
    VIEWS.flatMap((name, at) => [
      ...(at === 0 ? [] : [plain(gap)]),
      name === view
        ? ({ text: `${pad}${at + 1} ${TITLES[name]}${pad}`, tone: 'chosen' } as const)
        : dim(`${padOfOthers}${`${at + 1} ${titleOf(name)}`.trimEnd()}${padOfOthers}`),
    ])
  const titleOf = (name: ViewName) => TITLES[name]
  const numbers = tabs(() => '', ' ', ' ', '')
  const whole = [tabs(titleOf, ' ', ' ', ' '), tabs(titleOf, '  ', '', '')].find(line => lineWidth(line) <= width)
  return whole ?? cutLine(numbers, width, look)
}

/** What is amiss, and what the command itself says: as many lines as leave room for the rest. */
export function alarmLines(alarms: readonly string[], seen: Seen, { columns, rows }: Size, look: Look): Line[] {
  const { connection, nowMs } = seen
  const broken =
    connection.kind === 'broken'
      ? [`${connection.reason} Tried again in ${Math.max(0, Math.ceil((connection.nextMs - nowMs) / 1000))} s.`]
      : []
  const all: Line[] = [
    ...[...broken, ...alarms].map((text): Line => [{ text: cut(harmless(text, look), columns, look), tone: 'bad' }]),
    ...notesIn(seen).map((text): Line => [{ text: cut(harmless(text, look), columns, look), tone: 'late' }]),
  ]
  const most = Math.max(1, Math.floor(rows / 8))
  const shown = all.length > most ? [...all.slice(0, most - 1), more(all.length - most + 1, columns, look)] : all
  return [...shown, []]
}

const more = (count: number, width: number, look: Look): Line => [
  { text: cut(`and ${count} more ${count === 1 ? 'warning' : 'warnings'}`, width, look), tone: 'bad' },
]

/** What is said of a body at the foot. */
export interface Foot {
  readonly drawn: Drawn
  /** Titles of columns that are not shown. */
  readonly hidden: readonly string[]
  /** Rows of the table above and below those that are seen. */
  readonly above: number
  readonly below: number
  /** What of the tables above has no room at all: `5 stages`. */
  readonly leftOut: readonly string[]
  /** Rows without a filter, and what one of them is. */
  readonly total: number
  readonly unit: string
  readonly order: Order | undefined
  readonly orderTitle: string
}

export function footOf(body: Foot, screen: Screen, hint: string, width: number, look: Look): Line[] {
  const { between, up, down } = signsOf(look)
  const { hidden, above, below, leftOut, total, unit, drawn, order, orderTitle } = body
  const said = [
    // First, as these cannot be scrolled to.
    leftOut.length > 0 ? `no room for ${leftOut.join(', ')}` : '',
    above > 0 ? `+${above} above` : '',
    below > 0 ? `+${below} below` : '',
    screen.filter !== '' && !screen.isTyping
      ? `${drawn.rows} of ${total} ${total === 1 ? unit : `${unit}s`} with: ${harmless(screen.filter, look)}`
      : '',
    order ? `by ${orderTitle} ${order.isDescending ? down : up}` : '',
    // Last, as many names may not fit.
    hidden.length > 0
      ? `${hidden.length} ${hidden.length === 1 ? 'column' : 'columns'} hidden: ${[...new Set(hidden)].join(', ')}`
      : '',
  ].filter(Boolean)
  const keys = screen.isTyping
    ? [
        plain('/'),
        plain(harmless(screen.filter, look)),
        { text: ' ', tone: 'chosen' } as const,
        dim(`  ${drawn.rows} of ${total}  Enter keeps it, Esc ends it`),
      ]
    : [dim('q leave  ? help  / filter  s sort  r reverse  Up Down')]
  const time = screen.typedTime
  if (time !== undefined) {
    const wrong = time.trim() !== '' && parseInstant(time, drawn.nowMs ?? 0) === undefined
    const there =
      screen.view === 'dlq'
        ? 'Enter counts from then on, or the last day where nothing is typed; Esc'
        : 'Enter goes there, or to the newest where nothing is typed; Esc'
    const said = wrong ? instantProblem(time) : there
    const typed = [plain('Time (UTC): '), plain(harmless(time, look)), { text: ' ', tone: 'chosen' } as const]
    return [[{ text: cut(said, width, look), tone: wrong ? 'bad' : 'dim' }], cutLine(typed, width, look)]
  }
  const last = hint === '' ? cutLine(keys, width, look) : apart(keys, [dim(harmless(hint, look))], width, look)
  return [[dim(cut(said.join(` ${between} `), width, look))], last]
}
