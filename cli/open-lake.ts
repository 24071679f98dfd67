/** The lake that a command looks at, or serves: in a folder, or deployed. */
import type { ReadableLake } from '../domain/lake.ts'
import { type CatalogPlace, openFolderForCatalog, openLakeReadOnly } from '../embedded/lake.ts'
import type { LAKE_OPTIONS, Values } from './command.ts'

/** AWS's clients take some tens of MB, which a lake in a folder does without. */
async function openDeployed(stack: string) {
  const { openDeployedLake } = await import('../operations/deployed-lake.ts')
  return openDeployedLake(stack)
}

/** @throws BadInput where there is no such lake */
export async function openToRead({ data, stack }: Values<typeof LAKE_OPTIONS>): Promise<ReadableLake> {
  return stack === undefined ? openLakeReadOnly(data) : openDeployed(stack)
}

export type { CatalogPlace }

/** The lake that the web application serves, beside whatever else works on it. @throws BadInput where there is no such lake */
export async function openForCatalog({ data, stack }: Values<typeof LAKE_OPTIONS>): Promise<CatalogPlace> {
  return stack === undefined ? openFolderForCatalog(data) : openDeployed(stack)
}
