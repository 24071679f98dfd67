/** Whether what is shown is live: a sign in the head of the page, and a bar across it while the connection is broken. */
import { useEffect, useState } from 'preact/hooks'
import { worstOf } from '../../figures/connection.ts'
import { lengthText } from '../../figures/times.ts'
import { connections, retryNow } from '../api/stream.ts'
import { after } from '../browser.ts'
import { useNow, useStore } from '../store.ts'

/** How long it is said that the connection is back. */
const RESTORED_MS = 6_000

/** `isStill`: an earlier state is looked at. */
export function ConnectionSign({ isStill }: { readonly isStill: boolean }) {
  const worst = worstOf(useStore(connections))
  if (!worst || (isStill && worst.kind === 'live')) return <span class="sign">{isStill ? 'as of' : 'waiting'}</span>
  const words = { connecting: 'connecting', live: 'live', broken: 'broken', locked: 'locked' }[worst.kind]
  return (
    <span class={`sign sign-${worst.kind}`} title={worst.kind === 'live' ? 'Every commit comes by itself.' : ''}>
      <i aria-hidden="true" />
      {words}
    </span>
  )
}

export function ConnectionBar() {
  const all = useStore(connections)
  const time = useNow()
  const worst = worstOf(all)
  const restored = all.find(each => each.kind === 'live' && each.restored)
  const sinceMs = restored?.kind === 'live' ? restored.sinceMs : 0
  const [seen, setSeen] = useState(0)
  useEffect(() => (sinceMs > seen ? after(RESTORED_MS, () => setSeen(sinceMs)) : undefined), [sinceMs, seen])
  if (worst?.kind === 'broken') {
    const left = Math.max(0, Math.ceil((worst.nextMs - time) / 1000))
    return (
      <div class="bar bar-broken" role="alert">
        <p>
          <b>Not live</b>
          {/* What changes every second is not read out every second. */}
          <span aria-hidden="true"> for {lengthText(time - worst.sinceMs)}</span>: {worst.reason} What is shown is as it
          was. <span aria-hidden="true">{left > 0 ? `Next try in ${left} s.` : 'Trying…'}</span>
        </p>
        <button type="button" onClick={retryNow}>
          Try now
        </button>
      </div>
    )
  }
  if (worst?.kind === 'live' && sinceMs > seen)
    return (
      <div class="bar bar-restored" role="status">
        <p>
          <b>Connected again.</b> All that was committed meanwhile is here.
        </p>
      </div>
    )
  return null
}
