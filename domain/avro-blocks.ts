/** Avro's text, arrays and maps of text, made from bytes that have been stepped over and found well-formed (Avro, "Binary Encoding"). */
import { isUtf8 } from 'node:buffer'

/** Text of bytes[start, end), or undefined where they are not UTF-8. */
export function textOf(bytes: Uint8Array, start: number, end: number): string | undefined {
  const part = bytes.subarray(start, end)
  return isUtf8(part) ? Buffer.from(part.buffer, part.byteOffset, part.length).toString('utf8') : undefined
}

/** The strings of well-formed blocks, in order; undefined where one is not UTF-8. */
function stringsOfBlocks(bytes: Uint8Array, start: number, end: number, textsPerItem: number): string[] | undefined {
  const texts: string[] = []
  let at = start
  const readNumber = () => {
    let value = 0
    let scale = 1
    let byte = 0
    do {
      byte = bytes[at++]
      value += (byte & 127) * scale
      scale *= 128
    } while (byte > 127)
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2
  }
  while (at < end) {
    let count = readNumber()
    if (count < 0) {
      count = -count
      readNumber()
    }
    for (let left = count * textsPerItem; left > 0; left--) {
      const length = readNumber()
      const text = textOf(bytes, at, at + length)
      if (text === undefined) return undefined
      texts.push(text)
      at += length
    }
  }
  return texts
}

/** The array whose blocks are bytes[start, end), end of blocks included; undefined where a text is not UTF-8. */
export function makeList(bytes: Uint8Array, start: number, end: number): readonly string[] | undefined {
  return stringsOfBlocks(bytes, start, end, 1)
}

/** The map likewise. When a key comes twice, its last value stays, as in every Avro decoder. */
export function makeMap(bytes: Uint8Array, start: number, end: number): ReadonlyMap<string, string> | undefined {
  const texts = stringsOfBlocks(bytes, start, end, 2)
  if (!texts) return undefined
  const map = new Map<string, string>()
  for (let i = 0; i < texts.length; i += 2) map.set(texts[i], texts[i + 1])
  return map
}
