/** The CDK app: `npx cdk deploy -c name=value …` (see docs/deploy.md). */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { App, Validations } from 'aws-cdk-lib'
import { Code } from 'aws-cdk-lib/aws-lambda'
import { AwsSolutionsChecks } from 'cdk-nag'
import { cacheFolder } from '../adapters/cache-folder.ts'
import { systemScratch } from '../adapters/system.ts'
import { BadInput } from '../domain/errors.ts'
import { buildEngineLayer, layerFolders } from '../layers/duckdb.ts'
import { buildOf, bundleFunctions } from './bundles.ts'
import { readSettings } from './context.ts'
import { deploymentOf } from './deployment.ts'
import { checkRegion } from './regions.ts'
import { billOf, readPackage } from './sbom.ts'

const ROOT = join(import.meta.dirname, '..')

async function main(): Promise<void> {
  const app = new App()
  const settings = readSettings(name => app.node.tryGetContext(name), Object.keys(app.node.getAllContext()))
  // The CLI sets it to where it would deploy.
  if (!settings.local) checkRegion(settings, process.env.CDK_DEFAULT_REGION)
  // A folder of this run: two syntheses at once, or one beside a build of the package, do not take each other's files.
  const bundles = systemScratch().path('functions')
  const made = await bundleFunctions(bundles)
  const layer = await buildEngineLayer(cacheFolder(), settings.architecture)
  const parts = {
    ...Object.fromEntries(Object.entries(made).map(([name, { packages }]) => [name, packages])),
    layer: layerFolders(layer).map(readPackage),
  }
  const { name, version } = readPackage(ROOT)
  writeFileSync(join(app.outdir, 'sbom.cdx.json'), `${JSON.stringify(billOf({ name, version }, parts), null, 2)}\n`)
  deploymentOf(app, settings, {
    code: name => Code.fromAsset(join(bundles, name)),
    engineLayer: Code.fromAsset(layer),
    build: buildOf(bundles),
  })
  // The emulator speaks plain HTTP, which the checks rightly refuse.
  if (!settings.local) Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
  app.synth()
}

try {
  await main()
} catch (error) {
  if (!(error instanceof BadInput)) throw error
  console.error(error.message)
  process.exitCode = 1
}
