/** Answers about immutable bytes, kept for a whole process: most files of a run are byte for byte those of the run before. */
import { createHash } from 'node:crypto'

/** The answer for these bytes, worked out once as long as it is among the last `limit`. `about` is what else it depends on. */
export function byContent<Answer>(limit: number) {
  const known = new Map<string, Answer>()
  return (about: string, bytes: Uint8Array, workOut: () => Answer): Answer => {
    const hash = createHash('sha1').update(about).update(bytes).digest('base64')
    let answer = known.get(hash)
    if (answer === undefined) {
      answer = workOut()
      if (known.size >= limit) known.delete(known.keys().next().value as string)
    } else known.delete(hash)
    // What was asked last leaves last.
    known.set(hash, answer)
    return answer
  }
}
