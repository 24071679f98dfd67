/** `main.ts install` installs what a deployment needs; `main.ts cdk …` does so and runs the AWS CDK's command in this process. */
import { createRequire } from 'node:module'
import { messageOf } from '../../domain/errors.ts'
import { installCdk } from './install.ts'

const [, , verb, ...rest] = process.argv
try {
  await installCdk()
  if (verb === 'cdk') {
    process.argv.splice(2, Infinity, ...rest)
    createRequire(import.meta.url)('aws-cdk/bin/cdk')
  }
} catch (error) {
  console.error(messageOf(error))
  process.exitCode = 1
}
