/** The two stacks of a deployment: what is kept, and what works on it. */
import type { App } from 'aws-cdk-lib'
import type { Settings } from './context.ts'
import { DataStack } from './data-stack.ts'
import type { Assets } from './function.ts'
import { TradelakeStack } from './stack.ts'
import { tagAll } from './tags.ts'

export interface Deployment {
  readonly data: DataStack
  readonly stack: TradelakeStack
}

/** `tradelake-<stage>-data` and `tradelake-<stage>`, whose outputs the command goes by. */
export function deploymentOf(app: App, settings: Settings, assets: Assets): Deployment {
  const name = `tradelake-${settings.stage}`
  const data = new DataStack(app, `${name}-data`, { settings })
  const stack = new TradelakeStack(app, name, { settings, assets, data })
  stack.addStackDependency(data)
  tagAll(app, settings)
  return { data, stack }
}
