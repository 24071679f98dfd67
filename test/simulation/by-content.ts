/** Answers about immutable bytes, kept for a whole process: most files of a run are byte for byte those of the run before. */
import { hash } from 'node:crypto'

/** Hashes of bytes that nobody changes: a simulated store gives the same ones again and again. */
const hashes = new WeakMap<Uint8Array, string>()

export function contentHash(bytes: Uint8Array): string {
  let found = hashes.get(bytes)
  if (found === undefined) hashes.set(bytes, (found = hash('sha1', bytes, 'base64')))
  return found
}

/** The answer for these bytes, worked out once as long as it is among the last `limit`. `about` is what else it depends on. */
export function byContent<Answer>(limit: number) {
  const known = new Map<string, Answer>()
  return (about: string, bytes: Uint8Array, workOut: () => Answer): Answer => {
    const key = about + contentHash(bytes)
    let answer = known.get(key)
    if (answer === undefined) {
      answer = workOut()
      if (known.size >= limit) known.delete(known.keys().next().value as string)
    } else known.delete(key)
    // What was asked last leaves last.
    known.set(key, answer)
    return answer
  }
}
