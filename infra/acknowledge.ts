/** Findings of cdk-nag that stay, each with its reason. */
import { Stack, Validations } from 'aws-cdk-lib'
import type { IConstruct } from 'constructs'

export function acknowledge(construct: IConstruct, findings: readonly string[], reason: string): void {
  for (const id of findings) Validations.of(construct).acknowledge({ id, reason })
}

/** The finding that a policy names this ARN, which ends in a wildcard. References stand in it as `<Name>`, imports by their name, all else as JSON. */
export function wildcardArn(scope: IConstruct, arn: string): string {
  const resolved = Stack.of(scope).resolve(arn) as string | { 'Fn::Join': [string, unknown[]] }
  const parts = typeof resolved === 'string' ? [resolved] : resolved['Fn::Join'][1]
  return `AwsSolutions-IAM5[Resource::${parts.map(textOf).join('')}]`
}

function textOf(part: unknown): string {
  if (typeof part === 'string') return part
  const { Ref: name, 'Fn::ImportValue': imported } = part as {
    readonly Ref?: string
    readonly 'Fn::ImportValue'?: string
  }
  if (imported !== undefined) return imported
  return name === undefined ? JSON.stringify(part) : `<${name}>`
}

/** The CDK's own functions, one of each for a stack: one makes single calls (MSK's addresses, the tables' protection), one sets the bucket's notifications. */
const CDK_FUNCTIONS = [
  'AWS679f53fac002430cb0da5b7982bd2287',
  'BucketNotificationsHandler',
  'Custom::S3AutoDeleteObjects',
]

export function acknowledgeOwn(stack: Stack): void {
  for (const child of stack.node.children)
    if (CDK_FUNCTIONS.some(name => child.node.id.startsWith(name)))
      acknowledge(
        child,
        ['AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]'],
        "The CDK's own function, which runs while deploying: the managed policy lets it write its log, and nothing else.",
      )
}
