/** Findings of cdk-nag that stay, each with its reason. */
import { type IResource, Stack, Validations } from 'aws-cdk-lib'
import type { IConstruct } from 'constructs'

export function acknowledge(construct: IConstruct, findings: readonly string[], reason: string): void {
  for (const id of findings) Validations.of(construct).acknowledge({ id, reason })
}

/** The finding that a policy names this ARN, which ends in a wildcard. Attributes of resources stand in it as JSON. */
export function wildcardArn(scope: IConstruct, arn: string): string {
  const resolved = Stack.of(scope).resolve(arn) as string | { 'Fn::Join': [string, unknown[]] }
  const parts = typeof resolved === 'string' ? [resolved] : resolved['Fn::Join'][1]
  const text = parts.map(part => (typeof part === 'string' ? part : JSON.stringify(part))).join('')
  return `AwsSolutions-IAM5[Resource::${text}]`
}

/** The finding that a policy names `<ARN of the resource><pattern>`; `arn` is its attribute's name. */
export function wildcard(resource: IResource, pattern: string, arn = 'Arn'): string {
  const child = resource.node.defaultChild
  const id = Stack.of(resource).getLogicalId(child as Parameters<Stack['getLogicalId']>[0])
  return `AwsSolutions-IAM5[Resource::<${id}.${arn}>${pattern}]`
}
