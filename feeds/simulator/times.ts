/** Times as exchanges write them; microseconds since 1970 in. */

/** `2023-09-25T07:49:37.708706Z` */
export function isoTime(micros: number): string {
  const milliseconds = Math.floor(micros / 1000)
  const text = new Date(milliseconds).toISOString()
  return `${text.slice(0, -1)}${String(micros - milliseconds * 1000).padStart(3, '0')}Z`
}

/** `1534614057.321597` */
export function secondsTime(micros: number): string {
  const seconds = Math.floor(micros / 1_000_000)
  return `${seconds}.${String(micros - seconds * 1_000_000).padStart(6, '0')}`
}
