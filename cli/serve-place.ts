/** The lake that the web application serves: in a folder, beside whatever else works on it, or deployed. */
import { type CatalogPlace, openForCatalog } from '../embedded/lake.ts'
import { openDeployedLake } from '../operations/deployed-lake.ts'

export type { CatalogPlace }

/** @throws BadInput where there is no such lake */
export async function openCatalogPlace({
  data,
  stack,
}: {
  readonly data: string
  readonly stack: string | undefined
}): Promise<CatalogPlace> {
  return stack === undefined ? openForCatalog(data) : openDeployedLake(stack)
}
