/** Bodies compressed as their clients can read them: zstd, Brotli or gzip. */
import { Readable } from 'node:stream'
import { promisify } from 'node:util'
import {
  brotliCompress,
  constants,
  createBrotliCompress,
  createGzip,
  createZstdCompress,
  gzip,
  zstdCompress,
} from 'node:zlib'
import { parseAccept } from 'hono/utils/accept'

/** A smaller body fits one packet as it is. */
const LEAST_BYTES = 1_400

const BROTLI = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } }
const ZSTD = { params: { [constants.ZSTD_c_compressionLevel]: 3 } }
const GZIP = { level: 4 }
const [zstdOf, brotliOf, gzipOf] = [promisify(zstdCompress), promisify(brotliCompress), promisify(gzip)]
/** The best first. */
const CODINGS = {
  zstd: { whole: (body: string | Uint8Array) => zstdOf(body, ZSTD), stream: () => createZstdCompress(ZSTD) },
  br: { whole: (body: string | Uint8Array) => brotliOf(body, BROTLI), stream: () => createBrotliCompress(BROTLI) },
  gzip: { whole: (body: string | Uint8Array) => gzipOf(body, GZIP), stream: () => createGzip(GZIP) },
}
const NAMES = Object.keys(CODINGS) as (keyof typeof CODINGS)[]

export interface Coded<Body> {
  readonly body: Body
  /** What `Content-Encoding` says; undefined for the body as it was. */
  readonly coding: keyof typeof CODINGS | undefined
}

/** A body as the header Accept-Encoding would rather have it. */
export async function coded(
  body: string | Uint8Array<ArrayBuffer>,
  accept: string | undefined,
): Promise<Coded<string | Uint8Array<ArrayBuffer>>> {
  const coding = body.length < LEAST_BYTES ? undefined : codingIn(accept, NAMES)
  if (!coding) return { body, coding }
  return { body: (await CODINGS[coding].whole(body)) as Uint8Array<ArrayBuffer>, coding }
}

/** A body that is sent as it is made, likewise. */
export function codedStream(body: Readable, accept: string | undefined): Coded<ReadableStream> {
  const coding = codingIn(accept, NAMES)
  if (!coding) return { body: Readable.toWeb(body) as ReadableStream, coding }
  const packed = CODINGS[coding].stream()
  body.on('error', error => packed.destroy(error))
  packed.on('close', () => body.destroy())
  return { body: Readable.toWeb(body.pipe(packed)) as ReadableStream, coding }
}

/**
 * The coding of the greatest weight among those that there are, the best first; undefined where plain bytes are liked better. A coding of
 * weight 0 is refused, and `*` is any that is not named (RFC 9110, "Accept-Encoding").
 */
export function codingIn<Coding extends string>(
  header: string | undefined,
  codings: readonly Coding[],
): Coding | undefined {
  if (header === undefined) return undefined
  const weights = new Map(parseAccept(header).map(({ type, q }) => [type.toLowerCase(), q]))
  // RFC 9110, "Gzip Coding": the same by an older name.
  const named = (coding: string) => weights.get(coding) ?? (coding === 'gzip' ? weights.get('x-gzip') : undefined)
  const weightOf = (coding: string) => named(coding) ?? weights.get('*') ?? 0
  const best = codings.reduce((a, b) => (weightOf(b) > weightOf(a) ? b : a))
  return weightOf(best) > 0 && weightOf(best) >= (weights.get('identity') ?? 0) ? best : undefined
}
