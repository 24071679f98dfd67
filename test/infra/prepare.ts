/** The CDK is installed before the tests: a slow download does not count as a test's time. */
import { installCdk } from '../../infra/cdk/install.ts'

export default async function prepare(): Promise<void> {
  await installCdk()
}
