/** What a view shows in the place of its data: while they come, where there are none, and where they cannot be had. */
import type { ComponentChildren } from 'preact'

export const Loading = ({ what }: { readonly what: string }) => (
  <div class="notice" role="status">
    <span class="spinner" aria-hidden="true" />
    <p>{what}</p>
  </div>
)

export const Empty = ({ title, children }: { readonly title: string; readonly children: ComponentChildren }) => (
  <div class="notice">
    <h2>{title}</h2>
    <p>{children}</p>
  </div>
)

export function Failed({
  title,
  reason,
  retry,
}: {
  readonly title: string
  readonly reason: string
  readonly retry?: () => void
}) {
  return (
    <div class="notice" role="alert">
      <h2>{title}</h2>
      <p class="problem">{reason}</p>
      {retry && (
        <button type="button" class="main" onClick={retry}>
          Try again
        </button>
      )}
    </div>
  )
}
