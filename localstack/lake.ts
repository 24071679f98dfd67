/**
 * A lake in a folder: the embedded twin of bucket, DynamoDB tables and Kafka, with npm alone.
 *
 *   lock.sqlite      held by the one process that may write
 *   state.sqlite     checkpoints, pending lists, table pointers
 *   topics.sqlite    the topic log
 *   objects/         the object store: tables, and pending lists that are too large for an item
 *   scratch/         files that are being made; emptied at each start
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { bundledRegistry } from '../adapters/bundled-registry.ts'
import { duckDbEngine } from '../adapters/duckdb-engine.ts'
import { folderStore } from '../adapters/folder-store.ts'
import { lockLake } from '../adapters/lake-lock.ts'
import { sqliteState } from '../adapters/sqlite-state.ts'
import { sqliteTopicLog } from '../adapters/sqlite-topic-log.ts'
import { systemClock, systemIds, systemScratch } from '../adapters/system.ts'
import { BadInput } from '../domain/errors.ts'
import { EXCHANGES, type Exchange } from '../domain/exchanges.ts'
import { topicName } from '../domain/names.ts'
import type { Ports, TopicLog } from '../domain/ports.ts'

export interface Lake {
  /** Absolute path. */
  readonly directory: string
  readonly exchanges: readonly Exchange[]
  readonly ports: Ports
  readonly topics: TopicLog
  close(): void
}

export interface LakeOptions {
  readonly exchanges?: readonly Exchange[]
  /** DuckDB's limit, as it writes it. */
  readonly memoryLimit?: string
  readonly threads?: number
}

const DEFAULTS = { exchanges: EXCHANGES, memoryLimit: '400MB', threads: 2 }

/**
 * Opens the lake in the folder for this process alone, making it where there is none.
 * @throws BadInput where another process has it, it was moved, or it is not a lake; Corrupt where a file of it is damaged
 */
export async function openLake(folder: string, options: LakeOptions = {}): Promise<Lake> {
  const directory = resolve(folder)
  const lock = lockLake(directory)
  try {
    requireUnmoved(directory)
    const scratch = join(directory, 'scratch')
    rmSync(scratch, { recursive: true, force: true })
    mkdirSync(scratch)
    const lake = await assemble(directory, scratch, { ...DEFAULTS, ...options }, false)
    for (const { name, partitions } of lake.exchanges) await lake.topics.createTopic(topicName(name), partitions)
    return {
      ...lake,
      close() {
        lake.close()
        lock.release()
      },
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

/** Opens a lake to look at, while another process may be writing it. @throws BadInput where there is none */
export async function openLakeReadOnly(folder: string, options: LakeOptions = {}): Promise<Lake> {
  const directory = resolve(folder)
  if (!existsSync(join(directory, 'state.sqlite')))
    throw new BadInput(`There is no lake in ${directory}: give --data DIR, or make one with tradelake start.`)
  requireUnmoved(directory)
  return assemble(directory, undefined, { ...DEFAULTS, ...options }, true)
}

async function assemble(
  directory: string,
  scratchFolder: string | undefined,
  options: Required<LakeOptions>,
  readOnly: boolean,
): Promise<Lake> {
  const clock = systemClock()
  const ids = systemIds(clock)
  const scratch = systemScratch(scratchFolder, ids)
  const state = sqliteState(join(directory, 'state.sqlite'), { readOnly, clock })
  const topics = sqliteTopicLog(join(directory, 'topics.sqlite'), { readOnly })
  const engine = await duckDbEngine({
    threads: options.threads,
    memoryLimit: options.memoryLimit,
    tempDirectory: scratch.path('duckdb'),
  })
  const store = folderStore(join(directory, 'objects'))
  return {
    directory,
    exchanges: options.exchanges,
    ports: { store, state, registry: bundledRegistry(), engine, clock, ids, scratch },
    topics,
    close() {
      engine.close()
      topics.close()
      state.close()
    },
  }
}

/** Iceberg's locations are absolute, so a lake is bound to its path; the file says which. */
function requireUnmoved(directory: string): void {
  const path = join(directory, 'location')
  if (existsSync(path)) {
    const made = readFileSync(path, 'utf8').trim()
    if (made !== directory)
      throw new BadInput(
        `The lake in ${directory} was made in ${made}, and its tables name their files there: move it back, or replay its Bronze files into a new lake.`,
      )
  } else writeFileSync(path, `${directory}\n`)
}
