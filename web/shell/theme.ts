/** Dark or light: as the system has it, until somebody chooses. */
import { pageMemory } from '../browser.ts'
import { createStore } from '../store.ts'

export type Theme = 'system' | 'dark' | 'light'

const NAME = 'tradelake theme'
const THEMES: readonly Theme[] = ['system', 'dark', 'light']
const kept = pageMemory.read(NAME)

export const theme = createStore<Theme>(THEMES.find(each => each === kept) ?? 'system')
/** Changes whenever the colours do. */
export const painted = createStore(0)

const dark = matchMedia('(prefers-color-scheme: dark)')

function paint(): void {
  const chosen = theme.get()
  document.documentElement.dataset.theme = chosen === 'system' ? (dark.matches ? 'dark' : 'light') : chosen
  painted.set(painted.get() + 1)
}

dark.addEventListener('change', paint)
theme.subscribe(paint)
paint()

export function nextTheme(): void {
  const next = THEMES[(THEMES.indexOf(theme.get()) + 1) % THEMES.length]
  pageMemory.write(NAME, next === 'system' ? undefined : next)
  theme.set(next)
}
