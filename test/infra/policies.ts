/** What the policies of a template let a function do. */
import type { Template } from 'aws-cdk-lib/assertions'

export interface Statement {
  readonly Effect: string
  readonly Action: string | readonly string[]
  readonly Resource: unknown
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>
}

interface Resource {
  readonly Type: string
  // biome-ignore lint/suspicious/noExplicitAny: a template is JSON
  readonly Properties: any
}

/** Every statement of the policies of one function's role. */
export function statementsOf(template: Pick<Template, 'toJSON'>, functionName: string): Statement[] {
  const all = Object.values(template.toJSON().Resources as Record<string, Resource>)
  const made = all.find(
    ({ Type, Properties }) => Type === 'AWS::Lambda::Function' && Properties.FunctionName === functionName,
  )
  const role = made?.Properties.Role['Fn::GetAtt'][0]
  return all
    .filter(
      ({ Type, Properties }) =>
        Type === 'AWS::IAM::Policy' && Properties.Roles.some(({ Ref }: { Ref: string }) => Ref === role),
    )
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement)
}

/** Whether they allow an action on the item of a table with this partition key, as IAM would decide: what one allows and none denies. */
export function allowsItem(
  statements: readonly Statement[],
  action: string,
  table: string,
  partition: string,
): boolean {
  const applies = ({ Action, Resource, Condition = {} }: Statement) =>
    [Action].flat().includes(action) &&
    [Resource].flat().some(resource => JSON.stringify(resource).includes(table)) &&
    Object.entries(Condition).every(([operator, values]) => holds(operator, values, partition))
  const applying = statements.filter(applies)
  return applying.length > 0 && applying.every(({ Effect }) => Effect === 'Allow')
}

/** Whether a condition on the leading keys holds of a request for one item: for all of its values or for any is then the same. */
function holds(
  operator: string,
  values: Readonly<Record<string, string | readonly string[]>>,
  partition: string,
): boolean {
  const { 'dynamodb:LeadingKeys': keys, ...others } = values
  const [, kind] = /^For(?:All|Any)Values?:String(Equals|Like)$/.exec(operator) ?? []
  if (keys === undefined || kind === undefined || Object.keys(others).length > 0)
    throw new Error(`The condition ${operator} ${JSON.stringify(values)} is not understood.`)
  return [keys]
    .flat()
    .some(key =>
      kind === 'Equals'
        ? key === partition
        : key.endsWith('*')
          ? partition.startsWith(key.slice(0, -1))
          : key === partition,
    )
}
