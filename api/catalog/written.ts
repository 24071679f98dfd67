/** The metadata files that a change of a table writes before it is committed, and what becomes of them where it is not. */
import { METADATA_PATH, toStored, writeJson } from '../../iceberg/updates/any-file.ts'
import type { AnyMetadata } from '../../iceberg/updates/any-metadata.ts'
import { Invalid } from '../../iceberg/updates/refusals.ts'
import { ApiError } from '../errors.ts'
import type { CatalogPorts } from './entries.ts'

/** @throws Invalid where a table's metadata files would be in a folder that is not its own */
export function requireWithin(files: CatalogPorts['files'], path: string, location: string): void {
  const own = files.resolve(location, 'The location')
  if (!files.resolve(path.replace(/\/+$/, ''), METADATA_PATH).startsWith(`${own}/`))
    throw new Invalid(`${METADATA_PATH} is ${path}, which is not in the folder of its own, ${location}.`)
}

export interface Written {
  /** Writes a metadata file and gives its location. */
  write(metadata: AnyMetadata, previous: string | undefined): Promise<string>
  /** What the work gives; where it fails for certain, what was written for it is deleted. */
  orForget<T>(work: () => Promise<T>): Promise<T>
  /** Deletes those that were written for an attempt that met a conflict: nobody else would. */
  forget(): Promise<void>
}

export function written(ports: CatalogPorts): Written {
  const locations: string[] = []
  return {
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
    async orForget(work) {
      try {
        return await work()
      } catch (error) {
        const isCertain = !(error instanceof ApiError && error.type === 'CommitStateUnknownException')
        // Why the work failed matters more than what is left of it.
        if (isCertain) await this.forget().catch(() => {})
        throw error
      }
    },
    async forget() {
      await ports.files.delete(locations.splice(0))
    },
  }
}
