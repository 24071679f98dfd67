/** What is missing of all windows that are there, with the words' meaning for who points at it, and a way to where it is told in full. */
import { type Lack, meaningText, missingText } from '../../figures/coverage.ts'
import { count } from '../../figures/pipeline.ts'
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
