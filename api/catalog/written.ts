/** The metadata files that a change of a table writes before it is committed, and what becomes of them where it is not. */
import { METADATA_PATH, toStored, writeJson } from '../../iceberg/updates/any-file.ts'
import type { AnyMetadata } from '../../iceberg/updates/any-metadata.ts'
import { Invalid } from '../../iceberg/updates/refusals.ts'
import { ApiError } from '../errors.ts'
import type { CatalogPorts } from './entries.ts'
import { type Change, mutate, type Repeatable } from './mutate.ts'

/** @throws Invalid where a table's metadata files would be in a folder that is not its own */
export function requireWithin(files: CatalogPorts['files'], path: string, location: string): void {
  const own = files.resolve(location, 'The location')
  if (!files.resolve(path.replace(/\/+$/, ''), METADATA_PATH).startsWith(`${own}/`))
    throw new Invalid(`${METADATA_PATH} is ${path}, which is not in the folder of its own, ${location}.`)
}

export interface Written {
  /** Writes a metadata file and gives its location. */
  write(metadata: AnyMetadata, previous: string | undefined): Promise<string>
}

/**
 * Commits a change that writes metadata files. When it is known what became of it, those that were not committed are deleted: nobody else
 * would. Not before: an attempt that met a conflict may have met itself.
 */
export async function mutateWithFiles(
  ports: CatalogPorts,
  request: Repeatable,
  plan: (files: Written) => Promise<Change>,
): Promise<readonly string[]> {
  const locations: string[] = []
  const forget = (kept: readonly string[] = []) =>
    // Why a change failed matters more than what is left of it, and that it took place matters more still.
    ports.files.delete(locations.filter(at => !kept.includes(at))).catch(() => {})
  const files: Written = {
    async write(metadata, previous) {
      const gzip = metadata.properties['write.metadata.compression-codec'] === 'gzip'
      const { location } = metadata
      const folder = metadata.properties[METADATA_PATH] ?? `${location}/metadata`
      requireWithin(ports.files, folder, location)
      const options = { folder, previous, uuid: ports.ids.uuid(), gzip, metadata: toStored(metadata) }
      const at = await writeJson(ports.files, options)
      locations.push(at)
      return at
    },
  }
  try {
    const committed = await mutate(ports, request, () => plan(files))
    await forget(committed)
    return committed
  } catch (error) {
    const isCertain = !(error instanceof ApiError && error.type === 'CommitStateUnknownException')
    if (isCertain) await forget()
    throw error
  }
}
