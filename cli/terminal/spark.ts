/** A small line of prices in letters. Heights on a screen are floats; figures that are read are not made here. */
import { type Look, signsOf } from './text.ts'

/** `prices` from the oldest on, null where there was none: each place of the line is the last price of its part of them, or a space. */
export function sparkText(prices: readonly (string | null)[], width: number, look: Look): string {
  const places = Array.from({ length: width }, (_, place) => {
    const part = prices.slice(
      Math.floor((place * prices.length) / width),
      Math.max(Math.floor((place * prices.length) / width) + 1, Math.floor(((place + 1) * prices.length) / width)),
    )
    const last = part.findLast(price => price !== null)
    return last === undefined || last === null ? undefined : Number(last)
  })
  const there = places.filter(value => value !== undefined)
  const [low, high] = [Math.min(...there), Math.max(...there)]
  const heights = [...signsOf(look).heights]
  const heightOf = (value: number) =>
    high === low ? Math.floor(heights.length / 2) : Math.round(((value - low) / (high - low)) * (heights.length - 1))
  return places.map(value => (value === undefined ? ' ' : heights[heightOf(value)])).join('')
}
