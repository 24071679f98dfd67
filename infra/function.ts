/**
 * One function as every stage deploys it: its code, its size, its log, and a role that may do nothing until something
 * is granted.
 */
import { Duration, RemovalPolicy, Size, Stack } from 'aws-cdk-lib'
import { PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import {
  Architecture,
  type Code,
  type FunctionProps,
  type ILayerVersion,
  Function as LambdaFunction,
  LoggingFormat,
  Runtime,
  Tracing,
} from 'aws-cdk-lib/aws-lambda'
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs'
import type { Construct } from 'constructs'
import { VARIABLES } from '../adapters/aws-ports.ts'
import { NAMESPACE_VARIABLE } from '../adapters/aws-telemetry.ts'
import { TRACE_VARIABLE } from '../adapters/aws-tracing.ts'
import { LINEAGE_VARIABLES } from '../adapters/openlineage-sinks.ts'
import { acknowledge } from './acknowledge.ts'
import type { FunctionName } from './bundles.ts'
import type { Settings } from './context.ts'
import { acknowledgeKeyUse } from './key.ts'
import { SIZES } from './sizes.ts'

/** What the functions run: real bundles when deploying, placeholders in tests of the template. */
export interface Assets {
  readonly code: (name: FunctionName) => Code
  readonly engineLayer: Code
  /** Names the code of all functions. */
  readonly build: string
}

const LOG_RETENTION = { dev: RetentionDays.ONE_WEEK, prod: RetentionDays.ONE_MONTH }

export interface StageFunctionProps {
  readonly settings: Settings
  readonly assets: Assets
  readonly name: FunctionName
  /** The exchange, where there is a function for each. */
  readonly exchange?: string
  readonly environment: Readonly<Record<string, string>>
  readonly layer?: ILayerVersion
  readonly description: string
  readonly more?: Pick<FunctionProps, 'reservedConcurrentExecutions' | 'vpc' | 'vpcSubnets' | 'securityGroups'>
}

export function stageFunction(scope: Construct, id: string, props: StageFunctionProps): LambdaFunction {
  const { settings, assets, name, exchange, environment, layer, description, more } = props
  const { memoryMiB, timeoutSeconds, scratchMiB } = SIZES[name]
  const functionName = [Stack.of(scope).stackName, name, exchange].filter(Boolean).join('-')
  // Logs expire with their retention anyway; a group that stayed would block the next deployment.
  const logGroup = new LogGroup(scope, `${id}Log`, {
    logGroupName: `/aws/lambda/${functionName}`,
    retention: LOG_RETENTION[settings.stage],
    removalPolicy: RemovalPolicy.DESTROY,
  })
  const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') })
  logGroup.grantWrite(role)
  const made = new LambdaFunction(scope, id, {
    functionName,
    description,
    runtime: Runtime.NODEJS_24_X,
    architecture: settings.architecture === 'arm64' ? Architecture.ARM_64 : Architecture.X86_64,
    code: assets.code(name),
    handler: 'index.handler',
    role,
    memorySize: memoryMiB,
    timeout: Duration.seconds(timeoutSeconds),
    ...(scratchMiB && { ephemeralStorageSize: Size.mebibytes(scratchMiB) }),
    environment: {
      ...environment,
      [NAMESPACE_VARIABLE]: Stack.of(scope).stackName,
      [VARIABLES.build]: assets.build,
      ...(settings.tracing && { [TRACE_VARIABLE]: 'true' }),
      ...(settings.lineage && {
        [LINEAGE_VARIABLES.url]: settings.lineage,
        [LINEAGE_VARIABLES.namespace]: Stack.of(scope).stackName,
      }),
    },
    ...(layer && { layers: [layer] }),
    logGroup,
    // The platform's own report of each invocation is then JSON as well: the memory alarms read it.
    loggingFormat: LoggingFormat.JSON,
    ...(settings.tracing && { tracing: Tracing.ACTIVE }),
    ...more,
  })
  if (more?.vpc)
    role.addToPolicy(
      new PolicyStatement({
        actions: [
          'ec2:CreateNetworkInterface',
          'ec2:DescribeNetworkInterfaces',
          'ec2:DescribeSubnets',
          'ec2:DeleteNetworkInterface',
          'ec2:AssignPrivateIpAddresses',
          'ec2:UnassignPrivateIpAddresses',
        ],
        resources: ['*'],
      }),
    )
  acknowledge(
    role,
    ['AwsSolutions-IAM5[Resource::*]'],
    'With tracing=on, X-Ray takes no resource (xray:PutTraceSegments, xray:PutTelemetryRecords); nor do the network interfaces of a function or an event source in a VPC (Lambda developer guide, "Required IAM permissions").',
  )
  acknowledgeKeyUse(role)
  return made
}
