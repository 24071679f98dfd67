/** The browser that the page runs in: its clock, timers, storage, sockets and downloads. Only here does the page ask for them. */

export const now = (): number => Date.now()

/** Gives what calls it off. */
export function after(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}

/** Runs at the next picture that the screen shows, once however often it is asked before; never in a page that is not seen. */
export function frames(run: () => void): { readonly ask: () => void; readonly stop: () => void } {
  let waiting = 0
  return {
    ask() {
      waiting ||= requestAnimationFrame(() => {
        waiting = 0
        run()
      })
    },
    stop() {
      cancelAnimationFrame(waiting)
      waiting = 0
    },
  }
}

/** What this tab remembers until it is closed; a key is kept nowhere else. */
export const tabMemory = memory(() => sessionStorage)
/** What the browser remembers of this page. */
export const pageMemory = memory(() => localStorage)

/** A browser that keeps nothing, as some do for who wants to be private, is none that fails. */
function memory(storage: () => Storage) {
  return {
    read(name: string): string | undefined {
      try {
        return storage().getItem(name) ?? undefined
      } catch {
        return undefined
      }
    },
    write(name: string, value: string | undefined): void {
      try {
        if (value === undefined) storage().removeItem(name)
        else storage().setItem(name, value)
      } catch {
        // It is as it was, for this visit.
      }
    },
  }
}

/** A WebSocket to this page's server; the key goes as a subprotocol, as an address would be logged. */
export function openSocket(path: string, key: string | undefined): WebSocket {
  const address = new URL(path, location.href)
  address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
  address.hash = ''
  return key === undefined ? new WebSocket(address) : new WebSocket(address, ['bearer', key])
}

export function download(name: string, content: Blob): void {
  const address = URL.createObjectURL(content)
  const link = document.createElement('a')
  link.href = address
  link.download = name
  link.click()
  after(60_000, () => URL.revokeObjectURL(address))
}

export const copyText = (text: string): Promise<void> => navigator.clipboard.writeText(text)

export const isSeen = (): boolean => document.visibilityState === 'visible'

/** Calls when the page comes into sight, and when it is hidden. Gives what ends it. */
export function whenSeenChanges(run: () => void): () => void {
  document.addEventListener('visibilitychange', run)
  return () => document.removeEventListener('visibilitychange', run)
}

/** Calls when the machine has a network again. Gives what ends that. */
export function whenOnline(run: () => void): () => void {
  addEventListener('online', run)
  return () => removeEventListener('online', run)
}
