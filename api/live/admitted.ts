/** Answers that go on end when the key that they were asked for with does. */
import type { Timers } from '../../domain/feed-ports.ts'
import type { Access } from '../access.ts'
import { ApiError } from '../errors.ts'
import type { Source } from './sinks.ts'

/** A revoked key's answers go on for so long at most, and for as long as keys are remembered (api/access.ts). */
const LOOK_MS = 30_000

/** The source, until its key has ended: then it fails with what is said to who asks with such a key. */
export function whileAdmitted(source: Source, timers: Timers, access: Access | undefined): Source {
  const recheck = access?.recheck
  if (!recheck) return source
  return async function* (framing, signal) {
    const over = new AbortController()
    let refusal: ApiError | undefined
    let cancel = () => {}
    const later = () => {
      if (over.signal.aborted) return
      cancel = timers.after(LOOK_MS, () => {
        recheck().then(later, error => {
          // A store that does not answer says nothing of the key.
          if (!(error instanceof ApiError)) return later()
          refusal = error
          over.abort()
        })
      })
    }
    const end = () => over.abort()
    signal.addEventListener('abort', end)
    if (signal.aborted) end()
    later()
    try {
      for await (const chunk of source(framing, over.signal)) {
        if (refusal) break
        yield chunk
      }
      if (refusal) throw refusal
    } finally {
      over.abort()
      cancel()
      signal.removeEventListener('abort', end)
    }
  }
}
