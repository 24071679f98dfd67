/** The lake that a command looks at, or serves: in a folder, or deployed. */
import type { ReadableLake } from '../domain/lake.ts'
import { type CatalogPlace, openFolderForCatalog, openLakeReadOnly } from '../embedded/lake.ts'
import { openDeployedLake } from '../operations/deployed-lake.ts'
import { DATA_OPTION, type Options, type Values } from './command.ts'

/** For commands that can look at a deployment too. */
export const LAKE_OPTIONS = {
  data: DATA_OPTION,
  stack: { type: 'string', value: 'NAME', help: 'the lake of a deployed stack, instead of --data', insteadOf: 'data' },
} as const satisfies Options

/** @throws BadInput where there is no such lake */
export async function openToRead({ data, stack }: Values<typeof LAKE_OPTIONS>): Promise<ReadableLake> {
  return stack === undefined ? openLakeReadOnly(data) : openDeployedLake(stack)
}

export type { CatalogPlace }

/** The lake that the web application serves, beside whatever else works on it. @throws BadInput where there is no such lake */
export async function openForCatalog({ data, stack }: Values<typeof LAKE_OPTIONS>): Promise<CatalogPlace> {
  return stack === undefined ? openFolderForCatalog(data) : openDeployedLake(stack)
}
