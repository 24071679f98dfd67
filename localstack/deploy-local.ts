/**
 * `npm run deploy:local`: deploys the CDK app to an emulator of AWS and stays as the bridge from Kafka, until Ctrl-C. Without options
 * it finds the services of docker-compose.yml.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { askedToEnd } from '../adapters/system.ts'
import { BadInput, messageOf, TradelakeError } from '../domain/errors.ts'
import { COMPOSE } from './compose.ts'
import { emulatorAt } from './ministack.ts'
import { startPipeline } from './pipeline.ts'

const HELP = `npm run deploy:local [-- OPTIONS]

  --endpoint URL          the emulator (http://127.0.0.1:4566)
  --brokers HOST:PORT     Kafka, as this machine sees it (127.0.0.1:19092)
  --registry URL          the schema registry, as this machine sees it (http://127.0.0.1:18081)
  --inside-brokers, --inside-registry
                          the same, as the functions see them (redpanda:9092, http://redpanda:8081)`

function readOptions() {
  const option = { type: 'string' } as const
  const names = Object.keys(COMPOSE).map(name => [name, option] as const)
  try {
    return parseArgs({ options: { ...Object.fromEntries(names), help: { type: 'boolean' } } }).values
  } catch (error) {
    throw new BadInput(`${messageOf(error).split('. ', 1)[0]}. See npm run deploy:local -- --help.`)
  }
}

async function main(): Promise<void> {
  const values = readOptions()
  if (values.help) return console.log(HELP)
  const at = { ...COMPOSE, ...(values as Partial<Record<keyof typeof COMPOSE, string>>) }
  const aws = emulatorAt(at.endpoint)
  const folder = mkdtempSync(join(tmpdir(), 'tradelake-deploy-'))
  const warn = (text: string, data?: object) => console.error(text, JSON.stringify(data))
  try {
    const { deployment, stop } = await startPipeline({
      aws,
      kafka: { bootstrap: at.brokers, registryUrl: at.registry },
      inside: { bootstrap: at['inside-brokers'], registryUrl: at['inside-registry'] },
      folder,
      log: { info: () => {}, warn, error: warn },
    })
    const environment = Object.entries(aws.clientEnv).map(([name, value]) => `${name}=${value}`)
    console.log(
      `${deployment.stack} is deployed; this process passes Kafka's records on to it until Ctrl-C. In another terminal:`,
    )
    console.log(`  export ${environment.join(' ')}`)
    console.log(`  npx tradelake tables --stack ${deployment.stack}`)
    await askedToEnd()
    await stop()
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

try {
  await main()
} catch (error) {
  if (!(error instanceof TradelakeError)) throw error
  console.error(error.message)
  process.exitCode = 1
}
