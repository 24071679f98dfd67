/** A dialog over the page: the browser keeps the focus in it, Escape and a click beside it close it. */
import type { ComponentChildren } from 'preact'
import { useLayoutEffect, useRef } from 'preact/hooks'

export interface DialogProps {
  readonly title: string
  readonly close: () => void
  readonly children: ComponentChildren
  /** Whether it stays until it is answered. */
  readonly stays?: boolean
}

export function Dialog({ title, close, children, stays = false }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  useLayoutEffect(() => {
    dialog.current?.showModal()
  }, [])
  return (
    <dialog
      ref={dialog}
      aria-label={title}
      onCancel={event => {
        event.preventDefault()
        if (!stays) close()
      }}
      onClick={event => {
        if (!stays && event.target === dialog.current) close()
      }}
      // The page's own keys are not for who is in here.
      onKeyDown={event => event.stopPropagation()}
    >
      <h2 class="dialog-title">{title}</h2>
      <div class="dialog">{children}</div>
      {/* Last, so that the focus begins with what the dialog is for. */}
      {!stays && (
        <button type="button" class="plain dialog-close" onClick={close} aria-label="Close">
          ✕
        </button>
      )}
    </dialog>
  )
}
