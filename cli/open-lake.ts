/** The lake that a command looks at, or serves: in a folder, or deployed. */
import type { ReadableLake } from '../domain/lake.ts'
import { type CatalogPlace, openFolderForCatalog, openLakeReadOnly } from '../embedded/lake.ts'
import { openDeployedLake } from '../operations/deployed-lake.ts'
import type { LAKE_OPTIONS, Values } from './command.ts'

/** @throws BadInput where there is no such lake */
export async function openToRead({ data, stack }: Values<typeof LAKE_OPTIONS>): Promise<ReadableLake> {
  return stack === undefined ? openLakeReadOnly(data) : openDeployedLake(stack)
}

export type { CatalogPlace }

/** The lake that the web application serves, beside whatever else works on it. @throws BadInput where there is no such lake */
export async function openForCatalog({ data, stack }: Values<typeof LAKE_OPTIONS>): Promise<CatalogPlace> {
  return stack === undefined ? openFolderForCatalog(data) : openDeployedLake(stack)
}
