/** An SVG of candles as a PNG, light, with letters that are brought along: a server often has no fonts. */
import { fileURLToPath } from 'node:url'

/** Pixels for each of the SVG's, so that it is sharp on a page too. */
const SCALE = 2

/** `svg`: as `svgPlot` makes it. */
export async function pngOf(svg: string): Promise<Uint8Array> {
  // Four megabytes of a built library: loaded by who asks for a picture.
  const { Resvg } = await import('@resvg/resvg-js')
  const fontFiles = [
    import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSans.ttf'),
    import.meta.resolve('dejavu-fonts-ttf/ttf/DejaVuSans-Bold.ttf'),
  ].map(url => fileURLToPath(url))
  const drawn = new Resvg(svg, {
    background: '#fff',
    fitTo: { mode: 'zoom', value: SCALE },
    font: { fontFiles, loadSystemFonts: false, defaultFontFamily: 'DejaVu Sans', sansSerifFamily: 'DejaVu Sans' },
  })
  return drawn.render().asPng()
}
