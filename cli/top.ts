/** `tradelake top`: a lake to look at for as long as one likes, in the terminal; plain lines where there is none. */
import { logPath } from '../adapters/log-file.ts'
import { askedToEnd, systemTimers } from '../adapters/system.ts'
import { waitFor } from '../api/live/waits.ts'
import { BadInput } from '../domain/errors.ts'
import { noneText } from '../figures/nearest.ts'
import { command, LAKE_OPTIONS, type Values } from './command.ts'
import { remoteApi } from './remote-api.ts'
import { DEPLOYED_PACE, LOCAL_PACE } from './terminal/figures.ts'
import { plainLines } from './terminal/plain.ts'
import { isTerminal, processLook, processTerminal } from './terminal/process.ts'
import type { Seen } from './terminal/seen.ts'
import { show } from './terminal/show.ts'
import { VIEWS, type ViewName } from './terminal/views/views.ts'
import { createWatch, type Watch, type Watched } from './terminal/watch.ts'
import { optional, parseDuration } from './values.ts'

const PLAIN_MS = 5_000

const OPTIONS = {
  ...LAKE_OPTIONS,
  url: {
    type: 'string',
    value: 'URL',
    help: 'a server of tradelake, as http://127.0.0.1:8080, instead of --data; a key that it asks for stands in TRADELAKE_KEY',
    insteadOf: 'data',
  },
  view: { type: 'string', value: 'NAME', help: `what is shown first: ${VIEWS.join(', ')}`, default: 'overview' },
  for: { type: 'string', value: 'TIME', help: 'stop after 60s, 5m, 1h; without it, on q or Ctrl-C' },
} as const

export const top = command({
  name: 'top',
  usage: '[--data DIR | --stack NAME | --url URL] [--view NAME] [--for TIME]',
  options: OPTIONS,
  async run(values) {
    const view = viewNamed(values.view)
    const milliseconds = optional(values.for, parseDuration)
    if (values.url !== undefined && values.stack !== undefined) throw new BadInput('Give --url or --stack, not both.')
    const over = new AbortController()
    const timers = systemTimers()
    void askedToEnd(over.signal).then(() => over.abort())
    const stopTimer = milliseconds === undefined ? () => {} : timers.after(milliseconds, () => over.abort())
    try {
      await (isTerminal() ? onTerminal(values, view, over) : inLines(values, view, over.signal))
    } finally {
      stopTimer()
      over.abort()
    }
    return 0
  },
})

function viewNamed(name: string): ViewName {
  const found = VIEWS.find(view => view === name)
  if (!found) throw new BadInput(noneText('view', name, VIEWS, 'there are none'))
  return found
}

async function onTerminal(values: Values<typeof OPTIONS>, view: ViewName, over: AbortController): Promise<void> {
  const timers = systemTimers()
  const watch = createWatch(
    placeOf(values),
    timers,
    () => shown.looked(),
    () => shown.changed(),
  )
  // The first picture does not wait for the code that reads lakes.
  const shown = show(
    processTerminal(),
    { timers, look: processLook(), seen: watch.seen, view },
    { left: () => over.abort() },
  )
  try {
    await watched(values, watch, () => ended(over.signal))
  } finally {
    shown.close()
  }
}

async function inLines(values: Values<typeof OPTIONS>, view: ViewName, signal: AbortSignal): Promise<void> {
  const timers = systemTimers()
  const look = processLook()
  const watch = createWatch(
    placeOf(values),
    timers,
    () => ({ view, opened: undefined }),
    () => {},
  )
  await watched(values, watch, async () => {
    await waitFor(timers, FIRST_MS, signal)
    for (;;) {
      for (const line of plainLines(watch.seen(), view, look)) console.log(line)
      if (signal.aborted) return answeredBy(watch.seen())
      await waitFor(timers, PLAIN_MS, signal)
    }
  })
}

/** Checks that somebody has answered at all. @throws BadInput */
function answeredBy({ place, connection, stats }: Seen): void {
  if (stats) return
  if (connection.kind === 'locked')
    throw new BadInput(`${place} asks for a key: set the variable TRADELAKE_KEY to one.`)
  if (connection.kind === 'broken') throw new BadInput(`${place} cannot be watched. ${connection.reason}`)
}

/** Before the first lines, so that they say something. */
const FIRST_MS = 2_000

/** Opens what is looked at, and follows it until the work ends. */
async function watched(values: Values<typeof OPTIONS>, watch: Watch, work: () => Promise<void>): Promise<void> {
  const { ask, close } = await openSource(values)
  try {
    const pace = values.stack === undefined ? LOCAL_PACE : DEPLOYED_PACE
    watch.follow({ ...placeOf(values), ask, pace })
    await work()
  } finally {
    await watch.stop()
    close()
  }
}

async function openSource(values: Values<typeof OPTIONS>) {
  if (values.url !== undefined) return { ask: remoteApi(values.url, process.env.TRADELAKE_KEY), close: () => {} }
  const { openLakeApi } = await import('./lake-api.ts')
  return openLakeApi(values)
}

function placeOf({ data, stack, url }: Values<typeof OPTIONS>): Pick<Watched, 'place' | 'log'> {
  if (url !== undefined) return { place: url, log: undefined }
  if (stack !== undefined) return { place: `stack ${stack}`, log: undefined }
  return { place: data, log: logPath(data) }
}

const ended = (signal: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve())
  })
