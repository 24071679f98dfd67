/** A role's inline policies, through IAM's query API (IAM API reference), as CloudFormation put them. */
import { SignatureV4 } from '@smithy/signature-v4'
import { awsClients } from '../../adapters/aws-clients.ts'

export interface Statement {
  readonly Effect?: string
  readonly Action: string | readonly string[]
  readonly Resource: string | readonly string[]
}

export interface RolePolicy {
  readonly role: string
  readonly name: string
  readonly statements: readonly Statement[]
}

/** Calls an action of IAM; gives its XML. @throws Error with IAM's answer */
async function iam(endpoint: string, action: string, parameters: Readonly<Record<string, string>>): Promise<string> {
  const { config } = awsClients().dynamo
  const signer = new SignatureV4({
    service: 'iam',
    region: 'us-east-1',
    credentials: config.credentials,
    sha256: config.sha256,
  })
  const { protocol, host, hostname, port } = new URL(endpoint)
  const body = new URLSearchParams({ Action: action, Version: '2010-05-08', ...parameters }).toString()
  const headers = { host, 'content-type': 'application/x-www-form-urlencoded' }
  const signed = await signer.sign({ method: 'POST', protocol, hostname, port: Number(port), path: '/', headers, body })
  const answer = await fetch(endpoint, { method: 'POST', headers: signed.headers, body })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${action}: ${answer.status} ${text}`)
  return text
}

/** The role's only inline policy. */
export async function rolePolicy(endpoint: string, role: string): Promise<RolePolicy> {
  const names = await iam(endpoint, 'ListRolePolicies', { RoleName: role })
  const [, name = ''] = /<member>([^<]+)<\/member>/.exec(names) ?? []
  const policy = await iam(endpoint, 'GetRolePolicy', { RoleName: role, PolicyName: name })
  const [, document = ''] = /<PolicyDocument>([^<]+)<\/PolicyDocument>/.exec(policy) ?? []
  return { role, name, statements: JSON.parse(decodeURIComponent(document)).Statement }
}

/** Makes a role that everybody of its account may take on where his own rights allow it; gives its ARN. */
export async function createRole(endpoint: string, account: string, role: string): Promise<string> {
  const trust = { Effect: 'Allow', Action: 'sts:AssumeRole', Principal: { AWS: `arn:aws:iam::${account}:root` } }
  await iam(endpoint, 'CreateRole', {
    RoleName: role,
    AssumeRolePolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: [trust] }),
  })
  return `arn:aws:iam::${account}:role/${role}`
}

export async function putRolePolicy(endpoint: string, { role, name, statements }: RolePolicy): Promise<void> {
  await iam(endpoint, 'PutRolePolicy', {
    RoleName: role,
    PolicyName: name,
    PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement: statements }),
  })
}
