/** Pictures as PNGs: what is in their pixels, read here by hand (PNG specification, third edition). */
import { inflateSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { pngOf } from '../../../cli/plot/png-plot.ts'

/** The colours of an eight-bit RGBA picture without interlacing, as `rrggbb`, with how many pixels have them. */
function coloursIn(png: Uint8Array): { width: number; height: number; colours: Map<string, number> } {
  const bytes = Buffer.from(png)
  expect(bytes.subarray(0, 8).toString('latin1')).toBe('\x89PNG\r\n\x1a\n')
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)]
  expect([...bytes.subarray(24, 29)]).toEqual([8, 6, 0, 0, 0])
  const parts: Buffer[] = []
  for (let at = 8; at < bytes.length; at += 12 + bytes.readUInt32BE(at))
    if (bytes.toString('latin1', at + 4, at + 8) === 'IDAT')
      parts.push(bytes.subarray(at + 8, at + 8 + bytes.readUInt32BE(at)))
  const data = inflateSync(Buffer.concat(parts))
  const stride = width * 4
  const colours = new Map<string, number>()
  let above = new Uint8Array(stride)
  for (let y = 0; y < height; y++) {
    const filter = data[y * (stride + 1)]
    const line = Uint8Array.from(data.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1)))
    for (let i = 0; i < stride; i++) {
      const [left, up, corner] = [line[i - 4] ?? 0, above[i], above[i - 4] ?? 0]
      const [a, b, c] = [up - corner, left - corner, left + up - 2 * corner].map(Math.abs)
      const paeth = a <= b && a <= c ? left : b <= c ? up : corner
      line[i] += [0, left, up, (left + up) >> 1, paeth][filter]
    }
    for (let x = 0; x < stride; x += 4) {
      const colour = Buffer.from(line.subarray(x, x + 3)).toString('hex')
      colours.set(colour, (colours.get(colour) ?? 0) + 1)
    }
    above = line
  }
  return { width, height, colours }
}

const svg = (inside: string) =>
  `<svg xmlns="http://www.w3.org/2000/svg" width="40" height="20"><style>text{font:13px system-ui,sans-serif;fill:#24292f}@media(prefers-color-scheme:dark){text{fill:#e6edf3}}</style>${inside}</svg>`

test('a picture is twice as fine as its SVG, on white', async () => {
  const { width, height, colours } = coloursIn(await pngOf(svg('<rect width="10" height="20" fill="#1a7f37"/>')))
  expect([width, height]).toEqual([80, 40])
  expect([...colours]).toEqual([
    ['1a7f37', 20 * 40],
    ['ffffff', 60 * 40],
  ])
})

test('its letters are there on a machine without fonts, dark on white', async () => {
  const { colours } = coloursIn(await pngOf(svg('<text x="2" y="15">97.5</text>')))
  expect(colours.get('24292f')).toBeGreaterThan(20)
  expect(colours.size).toBeGreaterThan(5)
})
