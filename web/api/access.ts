/** The key that the server asks for, where it asks for one: kept for this tab alone, and never in an address. */
import { tabMemory } from '../browser.ts'
import { createStore } from '../store.ts'

const NAME = 'tradelake key'

export interface Access {
  readonly key: string | undefined
  /** Why a key is asked for now; undefined where none is. */
  readonly refusal: string | undefined
}

export const access = createStore<Access>({ key: tabMemory.read(NAME), refusal: undefined })

/** The server has refused the key, or wants one. */
export function refuseKey(reason: string): void {
  access.set({ key: access.get().key, refusal: reason })
}

export function giveKey(key: string): void {
  tabMemory.write(NAME, key)
  access.set({ key, refusal: undefined })
}

/** Forgets the key of this tab. */
export function forgetKey(): void {
  tabMemory.write(NAME, undefined)
  access.set({ key: undefined, refusal: 'The key is forgotten in this tab. Give one to go on.' })
}
