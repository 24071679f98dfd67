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
 * Commits a change that writes metadata files. Those of an attempt that met a conflict, or of a change that failed for certain, are
 * deleted: nobody else would.
 */
export async function mutateWithFiles(
  ports: CatalogPorts,
  request: Repeatable,
  plan: (files: Written) => Promise<Change>,
): Promise<readonly string[]> {
  const locations: string[] = []
  const forget = () => ports.files.delete(locations.splice(0))
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
    return await mutate(ports, request, async () => {
      await forget()
      return plan(files)
    })
  } catch (error) {
    const isCertain = !(error instanceof ApiError && error.type === 'CommitStateUnknownException')
    // Why the change failed matters more than what is left of it.
    if (isCertain) await forget().catch(() => {})
    throw error
  }
}
