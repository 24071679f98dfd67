/** Asks for a key, where the server answers only who has one. */
import { useState } from 'preact/hooks'
import { access, giveKey } from '../api/access.ts'
import { useStore } from '../store.ts'
import { Dialog } from './dialog.tsx'

export function KeyPrompt() {
  const { key, refusal } = useStore(access)
  const [text, setText] = useState('')
  if (refusal === undefined) return null
  return (
    <Dialog title="A key is needed" close={() => {}} stays>
      <form
        onSubmit={event => {
          event.preventDefault()
          if (text.trim() !== '') giveKey(text.trim())
        }}
      >
        <p>{key === undefined ? 'This server answers who has a key.' : refusal}</p>
        <label class="field">
          Key
          <input
            autoFocus
            type="password"
            autocomplete="off"
            spellcheck={false}
            value={text}
            onInput={event => setText(event.currentTarget.value)}
          />
        </label>
        <p class="hint">
          <code>tradelake keys add NAME --scopes read</code> makes one. It is kept in this tab until the tab is closed,
          and sent to this server alone.
        </p>
        <button type="submit" class="main" disabled={text.trim() === ''}>
          Go on
        </button>
      </form>
    </Dialog>
  )
}
