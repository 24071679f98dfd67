/**
 * What retention has taken out of a table, as a property of its metadata: written by the commit that drops, read by everyone who
 * must know which rows may be missing. So what is dropped and what an audit excuses cannot differ.
 */
import { Corrupt } from '../domain/errors.ts'
import type { TableMetadata } from './table-metadata.ts'

const PROPERTY = 'tradelake.dropped-before'

/**
 * Rows whose age (by `upkeep.ageColumn`) is below this may have been dropped, all others are there; microseconds since 1970, 0
 * where nothing ever was. @throws Corrupt
 */
export function droppedBefore({ properties, location }: TableMetadata): bigint {
  const text = properties[PROPERTY] ?? '0'
  if (!/^\d{1,18}$/.test(text)) throw new Corrupt(`Table ${location} has ${text} as its property ${PROPERTY}.`)
  return BigInt(text)
}

/** The property for a commit that drops rows of an age below `micros`. */
export function noteDropped(metadata: TableMetadata, micros: bigint): Readonly<Record<string, string>> {
  const before = droppedBefore(metadata)
  return { [PROPERTY]: String(micros > before ? micros : before) }
}
