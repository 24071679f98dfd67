/** The keys of the page: one list, which the help shows and the page obeys. */
import { useLayoutEffect } from 'preact/hooks'

export interface Shortcut {
  /** As `KeyboardEvent.key` has it; several do the same. */
  readonly keys: readonly string[]
  /** How the keys are written in the help. */
  readonly label: string
  readonly does: string
  readonly run: (key: string) => void
}

export interface ShortcutGroup {
  readonly title: string
  readonly shortcuts: readonly Shortcut[]
}

const groups = new Map<object, ShortcutGroup>()

/** The keys that do something now. */
export const shortcutGroups = (): readonly ShortcutGroup[] => [...groups.values()]

/** The keys of a component, for as long as it is there. */
export function useShortcuts(title: string, shortcuts: readonly Shortcut[]): void {
  // With the picture, not after it: a key means what is seen when it is pressed.
  useLayoutEffect(() => {
    const self = {}
    groups.set(self, { title, shortcuts })
    return () => {
      groups.delete(self)
    }
  })
}

const TYPED = new Set(['INPUT', 'SELECT', 'TEXTAREA'])

addEventListener('keydown', event => {
  const { target, key } = event
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return
  if (target instanceof HTMLElement && TYPED.has(target.tagName)) {
    // Back from a field to the page.
    if (key === 'Escape') target.blur()
    return
  }
  // A button is pressed by these.
  if ((key === ' ' || key === 'Enter') && target instanceof HTMLButtonElement) return
  const found = [...groups.values()].flatMap(({ shortcuts }) => shortcuts).find(({ keys }) => keys.includes(key))
  if (!found) return
  event.preventDefault()
  found.run(key)
})
