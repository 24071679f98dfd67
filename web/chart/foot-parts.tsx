/** Below a chart: what is missing of all windows that are there, with the words' meaning for who points at it, and how many were corrected. */
import { type Lack, meaningText, missingText } from '../../figures/coverage.ts'
import { count } from '../../figures/pipeline.ts'
import type { Candle } from '../model/candle-book.ts'
import { hashOf } from '../model/view-state.ts'
import { view } from '../shell/address.ts'

export function Lacking({ lack }: { readonly lack: Lack }) {
  const parts = [missingText(lack), lack.gaps > 0 ? count(lack.gaps, 'gap') : ''].filter(Boolean)
  if (parts.length === 0) return null
  return (
    <>
      ,{' '}
      <a class="gap-text" href={hashOf({ ...view.get(), view: 'coverage' })} title={meaningText(lack)}>
        {parts.join('; ')}
      </a>
    </>
  )
}

export function Corrected({ all }: { readonly all: readonly Candle[] }) {
  const corrected = all.filter(each => each.corrected).length
  if (corrected === 0) return null
  return (
    <span title="A late trade changed them after they had closed: they have a line at the foot of the chart">
      , <i class="swatch swatch-corrected" aria-hidden="true" />
      {corrected} corrected
    </span>
  )
}
