/** A field that filters markets by words. */
import type { RefObject } from 'preact'

export interface FilterProps {
  readonly field: RefObject<HTMLInputElement | null>
  readonly filter: string
  readonly setFilter: (filter: string) => void
}

export function Filter({ field, filter, setFilter }: FilterProps) {
  return (
    <label class="filter">
      <span class="unseen">Filter</span>
      <input
        ref={field}
        type="search"
        value={filter}
        onInput={event => setFilter(event.currentTarget.value)}
        placeholder="Filter: btc kraken"
      />
    </label>
  )
}
