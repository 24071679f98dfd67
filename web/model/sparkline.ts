/** A small line of prices as an SVG path. Positions on a screen are floats; figures that are read are not made here. */

/** `prices` from the oldest on; null where there was none: the line is broken there. Empty for fewer than two. */
export function sparkPath(prices: readonly (string | null)[], width: number, height: number): string {
  const values = prices.map(price => (price === null ? undefined : Number(price)))
  const there = values.filter(value => value !== undefined)
  if (there.length < 2) return ''
  const [low, high] = [Math.min(...there), Math.max(...there)]
  const x = (place: number) => ((place / (values.length - 1)) * width).toFixed(1)
  const y = (value: number) => (high === low ? height / 2 : height - ((value - low) / (high - low)) * height).toFixed(1)
  let isDown = false
  return values
    .flatMap((value, place) => {
      const command = isDown ? 'L' : 'M'
      isDown = value !== undefined
      return value === undefined ? [] : [`${command}${x(place)} ${y(value)}`]
    })
    .join('')
}
