/** What pending items carry from stage to stage (see iceberg/types.ts for those of table commits). */

/** For Silver: a Bronze object; the item's id is its key. */
export interface BronzeObject {
  readonly bytes: number
  readonly records: number
  /** CRC-32 of the object: a Parquet reader may never finish on damaged bytes, so they are checked first. */
  readonly crc32?: number
}

/** For Gold: Silver files, each of one exchange date. */
export interface SilverFiles {
  readonly files: readonly SilverFile[]
}

export interface SilverFile {
  readonly key: string
  readonly bytes: number
  readonly records: number
  /** CRC-32 of the file, as for Bronze. */
  readonly crc32?: number
}

/** For the candles: minutes whose Gold rows changed, as minutes since 1970. */
export interface ChangedMinutes {
  readonly minutes: readonly number[]
}

/**
 * Begins the id of an item whose candles of one minute are made, so that those of longer timeframes are left. Ids of others begin with
 * their time, so these stand behind them.
 */
export const FOLDED = 'folded-'
