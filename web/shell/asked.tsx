/** How old what is shown is, why there is nothing newer, and a button that asks again. */

import { ageText } from '../../figures/times.ts'
import { useNow } from '../store.ts'

export interface AskedProps {
  readonly answer: unknown
  /** When the answer came, by this browser's clock. */
  readonly atMs: number
  readonly problem: string | undefined
  readonly isAsking: boolean
  readonly look: () => void
}

export function Asked({ answer, atMs, problem, isAsking, look }: AskedProps) {
  const time = useNow()
  if (answer === undefined) return null
  return (
    <div class="asked">
      <span class="muted">{isAsking ? 'asking…' : `as of ${ageText(Math.max(0, time - atMs))}`}</span>
      <button type="button" onClick={look} title="Ask now (r)">
        Ask now
      </button>
      {problem !== undefined && (
        <p class="problem" role="alert">
          Nothing newer: {problem}
        </p>
      )}
    </div>
  )
}
