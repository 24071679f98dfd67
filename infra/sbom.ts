/**
 * What is in the bundles, as a CycloneDX bill of materials: the packages whose files esbuild took, in the versions that are installed
 * (CycloneDX 1.6 JSON; package URLs by the purl specification).
 */
import { readFileSync } from 'node:fs'
import { join, sep } from 'node:path'
import type { Metafile } from 'esbuild'

export interface Package {
  readonly name: string
  readonly version: string
  /** SPDX expression as the package states it. */
  readonly license?: string
}

const MODULES = 'node_modules'

/** The packages of a build's inputs, each once, by name and version. `root` is what the inputs' paths are relative to. */
export function packagesOf({ inputs }: Pick<Metafile, 'inputs'>, root: string): Package[] {
  const folders = new Set(Object.keys(inputs).flatMap(path => folderOf(path.split('/')) ?? []))
  return sorted([...folders].map(folder => readPackage(join(root, folder))))
}

/** `node_modules/a/node_modules/@b/c/index.js` → `node_modules/a/node_modules/@b/c` */
function folderOf(parts: readonly string[]): string | undefined {
  const at = parts.lastIndexOf(MODULES)
  if (at < 0) return undefined
  return parts.slice(0, at + (parts[at + 1].startsWith('@') ? 3 : 2)).join(sep)
}

/** @throws Error where the folder is not a package's */
export function readPackage(folder: string): Package {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Package
  return { name, version, ...(typeof license === 'string' && { license }) }
}

function sorted(packages: readonly Package[]): Package[] {
  const byUrl = new Map(packages.map(one => [urlOf(one), one]))
  return [...byUrl].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one)
}

function urlOf({ name, version }: Package): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`
}

/** The bill of one artefact, and of which of its parts each package is. Without times or serial numbers: the same build has the same bill. */
export function billOf(
  subject: { readonly name: string; readonly version: string },
  parts: Readonly<Record<string, readonly Package[]>>,
): object {
  return {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: { component: { type: 'application', ...subject } },
    components: sorted(Object.values(parts).flat()).map(one => ({
      type: 'library',
      'bom-ref': urlOf(one),
      name: one.name,
      version: one.version,
      purl: urlOf(one),
      ...(one.license && { licenses: [{ expression: one.license }] }),
      properties: Object.entries(parts)
        .filter(([, packages]) => packages.some(other => urlOf(other) === urlOf(one)))
        .map(([part]) => ({ name: 'tradelake:part', value: part })),
    })),
  }
}
