/** How a function or a feed reaches Kafka, from its environment: MSK with IAM, a user and password over TLS, or neither. */
import type { BaseOptions } from '@platformatic/kafka'
import { BadInput, TradelakeError } from '../domain/errors.ts'
import { mskToken } from './msk-token.ts'
import { readSecret } from './secrets.ts'

/** Names of the environment's variables. */
export const KAFKA_VARIABLES = {
  /** `host:port`, with commas between them. */
  bootstrap: 'TRADELAKE_KAFKA_BOOTSTRAP',
  /** `iam`, `scram-512`, `scram-256`, `plain` or `none`. */
  login: 'TRADELAKE_KAFKA_LOGIN',
  /** ARN of the secret with `username` and `password`. */
  secret: 'TRADELAKE_KAFKA_SECRET',
} as const

const MECHANISMS = { 'scram-512': 'SCRAM-SHA-512', 'scram-256': 'SCRAM-SHA-256', plain: 'PLAIN' } as const

export type KafkaAccess = Pick<BaseOptions, 'bootstrapBrokers' | 'tls' | 'sasl'> & { bootstrapBrokers: string[] }

/** @throws TradelakeError where the environment is not whole; BadInput where the secret has no user and password */
export async function kafkaAccess(environment: NodeJS.ProcessEnv = process.env): Promise<KafkaAccess> {
  const required = (name: string) => {
    const value = environment[name]
    if (!value) throw new TradelakeError(`The environment variable ${name} is not set: deploy the stack again.`)
    return value
  }
  const bootstrapBrokers = required(KAFKA_VARIABLES.bootstrap).split(',')
  const login = required(KAFKA_VARIABLES.login)
  if (login === 'none') return { bootstrapBrokers }
  // Certificates are checked against the authorities that Node knows.
  const tls = {}
  if (login === 'iam') return { bootstrapBrokers, tls, sasl: { mechanism: 'OAUTHBEARER', token: mskToken } }
  if (!(login in MECHANISMS))
    throw new TradelakeError(`${KAFKA_VARIABLES.login} is ${login}, which is no way to log in: deploy the stack again.`)
  const arn = required(KAFKA_VARIABLES.secret)
  const { username, password } = credentials(await readSecret(arn), arn)
  return {
    bootstrapBrokers,
    tls,
    sasl: { mechanism: MECHANISMS[login as keyof typeof MECHANISMS], username, password },
  }
}

function credentials(text: string, arn: string): { username: string; password: string } {
  let secret: { username?: unknown; password?: unknown } = {}
  try {
    secret = JSON.parse(text) as typeof secret
  } catch {}
  const { username, password } = secret
  if (typeof username !== 'string' || typeof password !== 'string')
    throw new BadInput(`The secret ${arn} is not JSON with username and password: write it anew.`)
  return { username, password }
}
