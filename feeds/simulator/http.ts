/** Replies of a simulated REST API. */
import type { HttpReply } from '../../domain/feed-ports.ts'

export function json(body: string, status = 200, headers: Readonly<Record<string, string>> = {}): HttpReply {
  return { status, headers: { 'content-type': 'application/json', ...headers }, body }
}

/** A whole number of a query, or undefined where it is missing; NaN where it is not a whole number. */
export function wholeNumber(url: URL, name: string): number | undefined {
  const text = url.searchParams.get(name)
  if (text === null) return undefined
  return /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN
}
