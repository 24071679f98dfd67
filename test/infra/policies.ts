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

/** Whether they allow an action on the item of a table with this partition key, as IAM would decide: only what a statement allows. */
export function allowsItem(
  statements: readonly Statement[],
  action: string,
  table: string,
  partition: string,
): boolean {
  return statements.some(({ Effect, Action, Resource, Condition = {} }) => {
    if (Effect !== 'Allow' || ![Action].flat().includes(action)) return false
    if (![Resource].flat().some(resource => JSON.stringify(resource).includes(table))) return false
    const { 'ForAllValues:StringEquals': { 'dynamodb:LeadingKeys': keys } = {}, ...others } = Condition
    if (Object.keys(others).length > 0) throw new Error(`The condition ${JSON.stringify(others)} is not understood.`)
    return keys === undefined || [keys].flat().includes(partition)
  })
}
