/** What each key does: a state of the screen, and the one after a key. Pure. */
import { parseInstant, TIMEFRAMES } from '../../figures/times.ts'
import type { Order } from './table.ts'
import { windowIn } from './views/corrections.ts'
import { ENDS } from './views/ends.ts'
import { isRecord, kindIn } from './views/letter.ts'
import { WARNINGS } from './views/log.ts'
import { TITLES, VIEWS, type ViewName } from './views/views.ts'

export interface Screen {
  readonly view: ViewName
  /** What is looked into, in views that can: a market, a kind of refused record, or the log's warnings. */
  readonly opened: string | undefined
  readonly isHelp: boolean
  readonly filter: string
  /** Whether the filter is being typed. */
  readonly isTyping: boolean
  /** The length of candles of a market that is opened, and the time whose window is the newest that is shown, milliseconds since 1970; undefined: up to now. */
  readonly timeframe: string
  readonly until: number | undefined
  /** The time that is being typed, to jump to; undefined while none is. */
  readonly typedTime: string | undefined
  /** The time from which on refused records are counted, milliseconds since 1970; undefined: the last day. */
  readonly since: number | undefined
  /** By `tableName`. */
  readonly orders: Readonly<Partial<Record<string, Order>>>
  /** The chosen row, and the first that is seen. */
  readonly at: number
  readonly top: number
}

/** Each view's table has an order of its own, and so has the one that is opened in it. The lines of a record have none. */
export const tableName = (screen: Pick<Screen, 'view' | 'opened'>): string =>
  screen.opened === undefined ? screen.view : `${screen.view} ${isInRecord(screen) ? 'record' : 'opened'}`

const isInRecord = ({ view, opened }: Pick<Screen, 'view' | 'opened'>) =>
  view === 'dlq' && opened !== undefined && isRecord(opened)

/** What the screen has to do with a key, from the frame that was drawn last. */
export interface Drawn {
  /** Rows of the table that the filter has left, and how many of them fit. */
  readonly rows: number
  readonly page: number
  /** Numbers of the columns that are shown. */
  readonly columns: readonly number[]
  /** What the chosen row opens. */
  readonly opens: string | undefined
  /** The time of the frame, milliseconds since 1970. */
  readonly nowMs?: number
}

/** As Node's readline tells it. */
export interface Key {
  readonly name?: string | undefined
  readonly sequence?: string | undefined
  readonly ctrl?: boolean | undefined
  readonly shift?: boolean | undefined
}

const ESC = '\x1b'

/** What was pressed, from what Node tells: Esc and a key that come together and make no code of a terminal are these two keys. */
export function keysOf(key: Key): readonly Key[] {
  const { sequence = '' } = key
  const next = sequence.slice(1)
  const isTwo = sequence.startsWith(ESC) && (next.startsWith(ESC) || [...next].length === 1)
  return isTwo ? [{ name: 'escape', sequence: ESC }, ...keysOf({ ...key, sequence: next })] : [key]
}

export function firstScreen(view: ViewName): Screen {
  const candles = { timeframe: TIMEFRAMES[0].name, until: undefined, typedTime: undefined, since: undefined }
  return { view, opened: undefined, isHelp: false, filter: '', isTyping: false, ...candles, orders: {}, at: 0, top: 0 }
}

/** Views in which a row can be opened. */
const CAN_OPEN: readonly ViewName[] = ['overview', 'markets', 'dlq', 'gaps', 'corrections']

export const HELP: readonly (readonly [keys: string, does: string])[] = [
  ...VIEWS.map((view, at) => [String(at + 1), TITLES[view]] as const),
  ['Tab, Shift-Tab', 'the next view, the one before'],
  ['Up, Down, k, j', 'a row up, down'],
  ['PgUp, PgDn', 'a page up, down'],
  ['Home, End, g, G', 'the first row, the last'],
  ['/, Esc', 'filter by words; Esc ends it, or closes what is open'],
  ['s, S, r', 'sort by the next column, by the one before; the other way round'],
  ['Enter', 'candles of a market; Gaps: its hours; DLQ: records, one whole'],
  ['t, T, J', 'candles: longer, shorter; jump to a time; DLQ: since one'],
  ['e', 'in Log: warnings alone; in Feeds: sort and scroll the ends'],
  ['?', 'this help'],
  ['q, Ctrl-C', 'leave'],
]

const ROW_KEYS: ReadonlySet<string> = new Set(['up', 'down', 'pageup', 'pagedown', 'home', 'end', 'return', 'enter'])

/** Whether a key moves among rows, or opens one. */
export const isForRows = ({ name = '', sequence = '' }: Key): boolean =>
  ROW_KEYS.has(name) || ['k', 'j', 'g', 'G'].includes(sequence)

/** The screen after a key; `leave` where it is left. */
export function afterKey(screen: Screen, key: Key, drawn: Drawn): Screen | 'leave' {
  if (key.ctrl && key.name === 'c') return 'leave'
  if (screen.isTyping) return typed(screen, key)
  if (screen.typedTime !== undefined) return typedTime(screen, screen.typedTime, key, drawn.nowMs ?? 0)
  const letter = key.sequence ?? ''
  if (screen.isHelp) return letter === 'q' ? 'leave' : { ...screen, isHelp: false }
  const number = /^[1-9]$/.test(letter) ? Number(letter) - 1 : -1
  if (number >= 0) return number < VIEWS.length ? shown(screen, VIEWS[number]) : screen
  const move = (at: number): Screen => ({ ...screen, at: Math.max(0, Math.min(drawn.rows - 1, at)) })
  switch (key.name) {
    case 'tab':
      return shown(screen, VIEWS[(VIEWS.indexOf(screen.view) + (key.shift ? VIEWS.length - 1 : 1)) % VIEWS.length])
    case 'up':
      return move(screen.at - 1)
    case 'down':
      return move(screen.at + 1)
    case 'pageup':
      return move(screen.at - drawn.page)
    case 'pagedown':
      return move(screen.at + drawn.page)
    case 'home':
      return move(0)
    case 'end':
      return move(drawn.rows - 1)
    case 'return':
    case 'enter':
      return CAN_OPEN.includes(screen.view) &&
        drawn.opens !== undefined &&
        (screen.opened === undefined || screen.view === 'dlq')
        ? { ...screen, ...openedBy(screen.view, drawn.opens), at: 0, top: 0, filter: '' }
        : screen
    case 'escape':
      if (screen.opened !== undefined)
        return { ...screen, opened: isInRecord(screen) ? kindIn(screen.opened) : undefined, at: 0, top: 0 }
      return { ...screen, filter: '', at: 0, top: 0 }
  }
  switch (letter) {
    case 'q':
      return 'leave'
    case '?':
      return { ...screen, isHelp: true }
    case '/':
      return { ...screen, isTyping: true }
    case 'e':
      return screen.view === 'log' || screen.view === 'feeds'
        ? {
            ...{ ...screen, at: 0, top: 0 },
            opened: screen.opened !== undefined ? undefined : screen.view === 'log' ? WARNINGS : ENDS,
          }
        : screen
    case 't':
      return isMarket(screen) ? withTimeframe(screen, 1) : screen
    case 'T':
      return isMarket(screen) ? withTimeframe(screen, -1) : screen
    case 'J':
      return isMarket(screen) || isCounted(screen) ? { ...screen, typedTime: '' } : screen
    case 'k':
      return move(screen.at - 1)
    case 'j':
      return move(screen.at + 1)
    case 'g':
      return move(0)
    case 'G':
      return move(drawn.rows - 1)
    case 's':
      return sorted(screen, drawn.columns, 1)
    case 'S':
      return sorted(screen, drawn.columns, -1)
    case 'r': {
      const order = screen.orders[tableName(screen)]
      return order ? withOrder(screen, { ...order, isDescending: !order.isDescending }) : screen
    }
  }
  return screen
}

/** The overview's markets are those of their own view, and so are those whose candles changed, at the time of these. */
function openedBy(view: ViewName, opens: string): Partial<Screen> {
  if (view !== 'corrections') return { view: view === 'overview' ? 'markets' : view, opened: opens, until: undefined }
  const { market, until } = windowIn(opens)
  return { view: 'markets', opened: market, until, timeframe: TIMEFRAMES[0].name }
}

const isMarket = ({ view, opened }: Screen) => view === 'markets' && opened !== undefined

/** Whether it counts refused records. */
const isCounted = ({ view, opened }: Pick<Screen, 'view' | 'opened'>) =>
  view === 'dlq' && (opened === undefined || !isRecord(opened))

function withTimeframe(screen: Screen, step: 1 | -1): Screen {
  const place = TIMEFRAMES.findIndex(({ name }) => name === screen.timeframe) + step
  const { name } = TIMEFRAMES[(place + TIMEFRAMES.length) % TIMEFRAMES.length]
  return { ...screen, timeframe: name, at: 0, top: 0 }
}

const shown = (screen: Screen, view: ViewName): Screen =>
  view === screen.view ? screen : { ...screen, view, opened: undefined, filter: '', at: 0, top: 0 }

const withOrder = (screen: Screen, order: Order | undefined): Screen => ({
  ...screen,
  orders: { ...screen.orders, [tableName(screen)]: order },
  at: 0,
  top: 0,
})

/** By the columns that are shown, and then as the rows come. */
function sorted(screen: Screen, columns: readonly number[], step: 1 | -1): Screen {
  if (isInRecord(screen)) return screen
  const places = [undefined, ...columns]
  const place = places.indexOf(screen.orders[tableName(screen)]?.by)
  const by = places[(Math.max(0, place) + step + places.length) % places.length]
  return withOrder(screen, by === undefined ? undefined : { by, isDescending: by !== columns[0] })
}

const LONGEST_FILTER = 60

/** Nothing typed goes back to the newest, or the last day; what is no time stays, and the foot says why. */
function typedTime(screen: Screen, text: string, { name, sequence = '', ctrl }: Key, nowMs: number): Screen {
  if (name === 'escape') return { ...screen, typedTime: undefined }
  if (name === 'return' || name === 'enter') {
    const time = text.trim() === '' ? undefined : parseInstant(text, nowMs)
    if (text.trim() !== '' && time === undefined) return screen
    const there = screen.view === 'dlq' ? { since: time } : { until: time }
    return { ...screen, ...there, typedTime: undefined, at: 0, top: 0 }
  }
  if (name === 'backspace') return { ...screen, typedTime: text.slice(0, -1) }
  const isText = sequence !== '' && !/\p{Cc}/u.test(sequence) && !ctrl
  return isText ? { ...screen, typedTime: (text + sequence).slice(0, LONGEST_FILTER) } : screen
}

function typed(screen: Screen, { name, sequence = '', ctrl }: Key): Screen {
  const filtered = (filter: string): Screen => ({ ...screen, filter: filter.slice(0, LONGEST_FILTER), at: 0, top: 0 })
  if (name === 'return' || name === 'enter') return { ...screen, isTyping: false }
  if (name === 'escape') return { ...filtered(''), isTyping: false }
  if (name === 'backspace') return filtered([...screen.filter].slice(0, -1).join(''))
  if (ctrl && name === 'u') return filtered('')
  const isText = sequence !== '' && !/\p{Cc}/u.test(sequence)
  return isText && !ctrl ? filtered(screen.filter + sequence) : screen
}
