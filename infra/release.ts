/**
 * How a new version of a function takes over. Events go to an alias; CodeDeploy moves it, in production by a tenth for five minutes first,
 * and moves it back when the function's errors raise their alarm, which rolls the whole update back.
 */
import type { Alarm } from 'aws-cdk-lib/aws-cloudwatch'
import { LambdaApplication, LambdaDeploymentConfig, LambdaDeploymentGroup } from 'aws-cdk-lib/aws-codedeploy'
import { ManagedPolicy, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam'
import { Alias, type EventInvokeConfigOptions, type Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda'
import { Construct } from 'constructs'
import { LIVE } from '../adapters/lambda-live.ts'
import { acknowledge } from './acknowledge.ts'
import type { Settings } from './context.ts'

/** A function, and what events go to. */
export interface StageRelease {
  readonly function: LambdaFunction
  readonly live: Alias
}

/** What events go to. `options` hold for its asynchronous invocations. */
export function liveAlias(made: LambdaFunction, options: EventInvokeConfigOptions = {}): Alias {
  return new Alias(made, 'Live', { aliasName: LIVE, version: made.currentVersion, ...options })
}

export interface Released extends StageRelease {
  /** Raised when the function fails. */
  readonly errors: Alarm
}

export class Releases extends Construct {
  constructor(scope: Construct, id: string, { stage, release }: Settings, released: readonly Released[]) {
    super(scope, id)
    const isGuarded = release === 'guarded'
    const application = new LambdaApplication(this, 'Application')
    const role = new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('codedeploy.amazonaws.com'),
      managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName('service-role/AWSCodeDeployRoleForLambdaLimited')],
    })
    acknowledge(
      role,
      [
        'AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSCodeDeployRoleForLambdaLimited]',
      ],
      'CodeDeploy\'s own policy for what it does with aliases and alarms (CodeDeploy user guide, "Create a service role").',
    )
    for (const { function: made, live, errors } of released)
      new LambdaDeploymentGroup(this, made.node.path.split('/').slice(1).join(''), {
        application,
        alias: live,
        role,
        deploymentConfig:
          isGuarded && stage === 'prod'
            ? LambdaDeploymentConfig.CANARY_10PERCENT_5MINUTES
            : LambdaDeploymentConfig.ALL_AT_ONCE,
        // An alarm that rings already would stop the very update that mends its cause.
        alarms: isGuarded ? [errors] : [],
      })
  }
}
