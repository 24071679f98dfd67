/** Kraken as clients see it: WebSockets v2 at `/v2`, v1 at `/`, and the REST API's public trades. */
import { krakenPairs } from './kraken-pairs.ts'
import { krakenRest } from './kraken-rest.ts'
import { krakenV1 } from './kraken-v1.ts'
import { krakenV2 } from './kraken-v2.ts'
import type { Book, Protocol } from './types.ts'

export function kraken(book: Book): Protocol {
  const pairs = krakenPairs(book.instruments)
  const isV2 = (path: string) => /^\/v2(?:\?|$)/.test(path)
  let connections = 0
  return {
    serves: path => isV2(path) || /^\/(?:\?|$)/.test(path),
    connect: (path, line) => (isV2(path) ? krakenV2 : krakenV1)(book, pairs, line, ++connections),
    get: krakenRest(book, pairs),
    tooManyRequests: '{"error":["EAPI:Rate limit exceeded"]}',
  }
}
