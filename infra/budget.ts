/** A budget for the whole account: a serverless cluster has no tag by which its cost could be told from others. */
import { Stack } from 'aws-cdk-lib'
import { CfnBudget } from 'aws-cdk-lib/aws-budgets'
import type { Topic } from 'aws-cdk-lib/aws-sns'
import { Construct } from 'constructs'
import { letPublish } from './publishers.ts'

/** Percent of the budget. */
const SPENT = 80
const FORECAST = 100

export class Budget extends Construct {
  /** `dollars` a month; `topic` hears of it. */
  constructor(scope: Construct, id: string, dollars: number, topic: Topic) {
    super(scope, id)
    // AWS Billing and Cost Management user guide, "Creating an Amazon SNS topic for budget notifications".
    const anyBudget = Stack.of(this).formatArn({ service: 'budgets', region: '', resource: '*' })
    letPublish(topic, 'Budgets', 'budgets.amazonaws.com', anyBudget)
    const notice = (notificationType: 'ACTUAL' | 'FORECASTED', threshold: number) => ({
      notification: { notificationType, threshold, thresholdType: 'PERCENTAGE', comparisonOperator: 'GREATER_THAN' },
      subscribers: [{ subscriptionType: 'SNS', address: topic.topicArn }],
    })
    // Without a name of its own: a change of its notices replaces it.
    const budget = new CfnBudget(this, 'Monthly', {
      budget: { budgetType: 'COST', timeUnit: 'MONTHLY', budgetLimit: { amount: dollars, unit: 'USD' } },
      notificationsWithSubscribers: [notice('ACTUAL', SPENT), notice('FORECASTED', FORECAST)],
    })
    // It checks that it may publish.
    budget.node.addDependency(topic)
  }
}
