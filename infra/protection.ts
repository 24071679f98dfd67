/**
 * Deletion protection of the tables, as the last of what is made. As a property of a table it would stop CloudFormation from
 * deleting it when the creation of the stack is rolled back, and the stack could be neither repaired nor removed.
 */
import type { Table } from 'aws-cdk-lib/aws-dynamodb'
import { AwsCustomResource, AwsCustomResourcePolicy, PhysicalResourceId } from 'aws-cdk-lib/custom-resources'
import type { Construct, IConstruct } from 'constructs'

/** Protects tables once `after` is made, and lets go of them first when the stack is rolled back or deleted. */
export function protectTables(scope: Construct, tables: Readonly<Record<string, Table>>, after: IConstruct): void {
  for (const [name, table] of Object.entries(tables)) {
    const protection = (enabled: boolean) => ({
      service: 'DynamoDB',
      action: 'updateTable',
      parameters: { TableName: table.tableName, DeletionProtectionEnabled: enabled },
      physicalResourceId: PhysicalResourceId.of(`protection-${name}`),
    })
    const made = new AwsCustomResource(scope, `${name}Protection`, {
      onUpdate: protection(true),
      onDelete: protection(false),
      policy: AwsCustomResourcePolicy.fromSdkCalls({ resources: [table.tableArn] }),
      installLatestAwsSdk: false,
    })
    made.node.addDependency(after)
  }
}
