/** What the suites install is installed before them: a slow download does not count as a test's time. */
import { installCdk } from '../../infra/cdk/install.ts'
import { kafkaJars } from '../../localstack/kafka.ts'
import { hasJava } from '../../localstack/maven.ts'
import { ministackPython } from '../../localstack/ministack.ts'
import { hasPython } from '../../localstack/python.ts'
import { registryHome } from '../../localstack/registry.ts'
import { icebergJars } from './java.ts'
import {
  catalogPython,
  connectorPython,
  lineagePython,
  marketPython,
  notebookPython,
  readersPython,
  schemaPython,
  tardisPython,
} from './python.ts'
import { awsPython } from './shell.ts'
import { sparkJars, sparkPython } from './spark.ts'

// One after another: two Mavens would fill one repository at once.
export default async function prepare(): Promise<void> {
  const needed = [
    installCdk,
    ...(hasJava() ? [kafkaJars, registryHome, icebergJars, sparkJars] : []),
    ...(hasPython()
      ? [
          ministackPython,
          readersPython,
          catalogPython,
          marketPython,
          connectorPython,
          lineagePython,
          schemaPython,
          tardisPython,
          notebookPython,
          sparkPython,
          awsPython,
        ]
      : []),
  ]
  for (const install of needed) await install()
}
