/** Gzip members of parts: bodies that are kept for as long as somebody asks for them. */
import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { gzipPart, joinGzip, partOf } from '../../iceberg/gzip-parts.ts'

test('parts and what is joined of them keep no memory but their own bytes', () => {
  const part = gzipPart('{"a":1}')
  const joined = joinGzip([part, gzipPart('[2]'), part])
  expect(gunzipSync(joined).toString()).toBe('{"a":1}[2]{"a":1}')
  const again = partOf(joined)
  for (const bytes of [joined, part.plain, part.deflated, again.plain, again.deflated])
    expect(bytes.buffer.byteLength).toBe(bytes.length)
})
