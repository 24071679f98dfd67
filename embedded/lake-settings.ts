/** What a lake in a folder was told: `settings.json`, which its owner may edit while nothing runs on it. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { replaceSynced } from '../adapters/durable-files.ts'
import { fileError } from '../adapters/file-errors.ts'
import { BadInput, messageOf } from '../domain/errors.ts'
import type { Exchange } from '../domain/exchanges.ts'
import { checkRetention, type RetentionSettings } from '../domain/retention.ts'
import { allTables } from '../domain/tables.ts'

const SETTINGS_FILE = 'settings.json'

export interface LakeSettings {
  readonly retention: RetentionSettings
}

/** The lake's settings; none where it has no such file. @throws BadInput naming the file and what is wrong with it */
export function readLakeSettings(directory: string, exchanges: readonly Exchange[]): LakeSettings {
  const path = join(directory, SETTINGS_FILE)
  if (!existsSync(path)) return { retention: {} }
  try {
    const settings = JSON.parse(readFileSync(path, 'utf8'))
    if (settings === null || typeof settings !== 'object' || Array.isArray(settings))
      throw new BadInput('They are not an object like {"retention": {"gold_ohlcv_1m": 90}}.')
    const { retention = {}, ...others } = settings
    const [unknown] = Object.keys(others)
    if (unknown !== undefined) throw new BadInput(`It has ${unknown}: there is only retention.`)
    return { retention: checkRetention(retention, allTables(exchanges)) }
  } catch (error) {
    throw new BadInput(`The settings ${path} cannot be used: ${messageOf(error)}`)
  }
}

/** Stores the settings, durably. */
export async function writeLakeSettings(directory: string, settings: LakeSettings): Promise<void> {
  const path = join(directory, SETTINGS_FILE)
  try {
    await replaceSynced(path, Buffer.from(`${JSON.stringify(settings, null, 2)}\n`))
  } catch (error) {
    throw fileError(error, path, 'storing the settings')
  }
}
